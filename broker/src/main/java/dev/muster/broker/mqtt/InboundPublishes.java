/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.interceptor.publish.PublishInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishInboundInput;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishInboundOutput;
import com.hivemq.extension.sdk.api.packets.general.Qos;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.protocol.identity.Quoted;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees every PUBLISH of one connection first. HiveMQ calls its authorizers only after this, and not
 * at all for what is taken out of its hands here; hence all is checked here.
 */
final class InboundPublishes implements PublishInboundInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(InboundPublishes.class);

  /** What all connections share. */
  record Shared(
      SessionCheck check,
      TelemetryIngest telemetry,
      CrlIntake crls,
      Disconnector disconnector,
      BrokerMeters meters) {}

  private final ClientSession session;
  private final Shared shared;

  InboundPublishes(ClientSession session, Shared shared) {
    this.session = session;
    this.shared = shared;
  }

  @Override
  public void onInboundPublish(PublishInboundInput input, PublishInboundOutput output) {
    HeldPublish held = new HeldPublish(session, shared.disconnector(), output);
    try {
      handle(input.getPublishPacket(), held);
    } catch (Throwable e) {
      // HiveMQ would acknowledge a message whose interceptor throws.
      LOG.error("Publish failed client={}", session.clientId(), e);
      held.disconnect(Disconnector.Reason.SERVER_BUSY, "internal error");
    }
  }

  private void handle(PublishPacket packet, HeldPublish held) {
    SessionCheck.Verdict verdict = shared.check().check(session);
    if (verdict != SessionCheck.Verdict.GOOD) {
      boolean ours = verdict == SessionCheck.Verdict.UNKNOWN;
      shared.meters().refused("publish", verdict.name());
      held.disconnect(
          ours ? Disconnector.Reason.SERVER_BUSY : Disconnector.Reason.NOT_AUTHORIZED,
          verdict.text());
      return;
    }
    if (packet.getQos() == Qos.EXACTLY_ONCE) {
      // HiveMQ would acknowledge, unseen, the next message with the packet id of a refused one.
      shared.meters().refused("publish", "qos");
      LOG.warn("Publish refused client={} detail=QoS 2 (expected: 0 or 1)", session.clientId());
      held.disconnect(Disconnector.Reason.QOS_NOT_SUPPORTED, "QoS: 2 (expected: 0 or 1)");
      return;
    }
    int bytes = packet.getPayload().map(ByteBuffer::remaining).orElse(0);
    Decision decision = session.policy().publish(packet.getTopic(), packet.getRetain(), bytes);
    if (decision.allowed()) {
      dispatch(packet, held);
    } else {
      refuse(packet, decision, held);
    }
  }

  private void dispatch(PublishPacket packet, HeldPublish held) {
    Optional<String> issuer = CrlIntake.issuerOf(packet.getTopic());
    if (issuer.isPresent()) {
      shared.crls().take(session, issuer.get(), packet, held);
    } else if (TelemetryIngest.isTelemetry(packet.getTopic())) {
      shared.telemetry().ingest(session, packet, held);
    } else {
      held.deliver();
    }
  }

  private void refuse(PublishPacket packet, Decision decision, HeldPublish held) {
    shared.meters().refused("publish", "policy");
    LOG.warn(
        "Publish refused client={} subject={} topic={} rule={} detail={}",
        session.clientId(),
        session.subject(),
        Quoted.of(packet.getTopic()),
        decision.rule(),
        decision.detail());
    held.refuse(AckReasonCode.NOT_AUTHORIZED, decision.detail());
  }

  static byte[] payloadOf(PublishPacket packet) {
    ByteBuffer view = packet.getPayload().orElse(ByteBuffer.allocate(0)).duplicate();
    byte[] payload = new byte[view.remaining()];
    view.get(payload);
    return payload;
  }
}
