/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.dtls;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.ContentType;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.Record;
import org.eclipse.californium.scandium.dtls.ResumptionSupportingConnectionStore;

/**
 * Scandium's connector, but it passes on to handshakes what they can bear: of messages that come
 * late, twice or in pieces, not all (RFC 6347, 4.2).
 */
public final class OrderlyConnector extends DTLSConnector {
  private final Map<Handshaker, HandshakeTurns> underWay =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final ResumptionSupportingConnectionStore store;
  private final int capacity;
  private final int first;

  private OrderlyConnector(DtlsConnectorConfig config, ResumptionSupportingConnectionStore store) {
    super(config, store);
    this.store = store;
    this.capacity = config.get(DtlsConfig.DTLS_MAX_CONNECTIONS);
    this.first = config.get(DtlsConfig.DTLS_ROLE) == DtlsRole.CLIENT_ONLY
        ? HandshakeTurns.OF_SERVER
        : HandshakeTurns.OF_CLIENT;
  }

  /**
   * @param config with {@link DtlsConfig#DTLS_USE_EARLY_STOP_RETRANSMISSION} false: or else a
   *     handshake is given up when the rest of a flight, of which some is here, does not come
   *     within one timeout
   */
  public static OrderlyConnector of(DtlsConnectorConfig config) {
    return new OrderlyConnector(config, createConnectionStore(config));
  }

  /** Peers of which something is kept: a handshake, a session, or what resumes one. */
  public int connections() {
    return capacity - store.remainingCapacity();
  }

  /** Without a word to the other end. Does not wait until it is done. */
  public void forget(Connection connection) {
    try {
      connection.getExecutor().execute(() -> store.remove(connection, false));
    } catch (RejectedExecutionException e) {
      // It is gone already.
    }
  }

  /** Of each connection one after the other. */
  @Override
  public void processRecord(Record record, Connection connection) {
    Handshaker handshaker = connection.getOngoingHandshake();
    if (handshaker == null
        || record.getEpoch() != 0
        || record.getType() != ContentType.HANDSHAKE
        || underWay
            .computeIfAbsent(handshaker, one -> new HandshakeTurns(first))
            .admit(record.getFragmentBytes())) {
      super.processRecord(record, connection);
    }
  }
}
