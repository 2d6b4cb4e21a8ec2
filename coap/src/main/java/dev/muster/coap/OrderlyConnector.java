/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.ContentType;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.Record;

/** Passes on to handshakes what they can bear, see {@link HandshakeTurns}. */
final class OrderlyConnector extends DTLSConnector {
  private final Map<Handshaker, HandshakeTurns> underWay =
      Collections.synchronizedMap(new WeakHashMap<>());

  OrderlyConnector(DtlsConnectorConfig config) {
    super(config);
  }

  /** Of each connection one after the other. */
  @Override
  public void processRecord(Record record, Connection connection) {
    Handshaker handshaker = connection.getOngoingHandshake();
    if (handshaker == null
        || record.getEpoch() != 0
        || record.getType() != ContentType.HANDSHAKE
        || underWay
            .computeIfAbsent(handshaker, first -> new HandshakeTurns())
            .admit(record.getFragmentBytes())) {
      super.processRecord(record, connection);
    }
  }
}
