/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.packets.disconnect.DisconnectReasonCode;
import com.hivemq.extension.sdk.api.services.session.ClientService;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Disconnects through HiveMQ; until the extension runs, there is nothing to disconnect. */
final class HiveMqDisconnector implements Disconnector {
  private static final Logger LOG = LoggerFactory.getLogger(HiveMqDisconnector.class);

  private volatile @Nullable ClientService clients;

  void use(ClientService service) {
    clients = service;
  }

  @Override
  public CompletableFuture<Void> disconnect(ClientSession session, Reason reason, String detail) {
    ClientService service = clients;
    if (service == null) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> closed = new CompletableFuture<>();
    session.markClosing(closed);
    // HiveMQ answers when the channel is closed, or at once if there is no such client. It closes
    // it, with MQTT 5, when the client has been told why: not while it does not read.
    service
        .disconnectClient(session.brokerClientId(), true, code(reason), detail)
        .whenComplete((done, failure) -> {
          if (failure != null) {
            LOG.error(
                "Disconnect failed client={} error={}", session.clientId(), failure.toString());
          } else if (done) {
            session.markClosed();
          }
          closed.complete(null);
        });
    return closed;
  }

  static DisconnectReasonCode code(Reason reason) {
    return switch (reason) {
      case NOT_AUTHORIZED -> DisconnectReasonCode.NOT_AUTHORIZED;
      case SERVER_BUSY -> DisconnectReasonCode.SERVER_BUSY;
      case QUOTA_EXCEEDED -> DisconnectReasonCode.QUOTA_EXCEEDED;
      case QOS_NOT_SUPPORTED -> DisconnectReasonCode.QOS_NOT_SUPPORTED;
    };
  }
}
