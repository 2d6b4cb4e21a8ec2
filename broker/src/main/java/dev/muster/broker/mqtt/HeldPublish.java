/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.async.Async;
import com.hivemq.extension.sdk.api.async.TimeoutFallback;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishInboundOutput;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import java.time.Duration;

/**
 * A PUBLISH that HiveMQ holds back until we say what becomes of it. Say it once.
 *
 * <p>HiveMQ acknowledges as well done what an interceptor throws at, or lets run into a time-out
 * without an error code, or drops; hence nothing but what stands here is ever done with one.
 */
final class HeldPublish {
  /** Longer than anything that we wait for: only a defect lets it run out. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** How long the store may take; after that the connection ends. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * A client of MQTT 5 sends no more than the receive maximum meanwhile. It waits longer, as a new
   * connection costs more than the place that it keeps: a fleet that was turned away by a store
   * that is behind would keep it there.
   */
  private static final Duration PATIENCE_WITH_FLOW_CONTROL = Duration.ofSeconds(30);

  private final ClientSession session;
  private final Disconnector disconnector;
  private final Async<PublishInboundOutput> async;

  HeldPublish(ClientSession session, Disconnector disconnector, PublishInboundOutput output) {
    this.session = session;
    this.disconnector = disconnector;
    this.async = output.async(LIMIT, TimeoutFallback.FAILURE, AckReasonCode.UNSPECIFIED_ERROR);
  }

  /** How long it may be held for the store's sake. */
  Duration patience() {
    return session.connection().mqtt5() ? PATIENCE_WITH_FLOW_CONTROL : PATIENCE;
  }

  /** Goes on to authorizer and subscribers, and is then acknowledged. */
  void deliver() {
    async.resume();
  }

  /** Acknowledged, and not delivered. */
  void acknowledge() {
    async.getOutput().preventPublishDelivery(AckReasonCode.SUCCESS);
    async.resume();
  }

  /** Refused for good: a client of MQTT 5 is told, an older one is disconnected. */
  void refuse(AckReasonCode code, String detail) {
    async.getOutput().preventPublishDelivery(code, detail);
    async.resume();
  }

  /**
   * Not acknowledged: the connection ends, and the client keeps the message. A negative
   * acknowledgement would not do, because it tells the client that the message is done with.
   */
  void disconnect(Disconnector.Reason reason, String detail) {
    if (session.isClosed()) {
      // The client may be back on another connection, which has done nothing wrong.
      refuse(AckReasonCode.UNSPECIFIED_ERROR, detail);
      return;
    }
    session.markEnding();
    disconnector
        .disconnect(session, reason, detail)
        .thenRun(() -> refuse(AckReasonCode.UNSPECIFIED_ERROR, detail));
  }
}
