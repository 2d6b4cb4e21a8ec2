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
import dev.muster.broker.session.PublishRates;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees every PUBLISH of one connection first. HiveMQ calls its authorizers only after this, and not
 * at all for what is taken out of its hands here; hence all is checked here.
 */
final class InboundPublishes implements PublishInboundInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(InboundPublishes.class);

  /** One for all messages that ask for none. */
  private static final Decision NO_ANSWER = Decision.allow("none");

  /** What all connections share. */
  record Shared(
      SessionCheck check,
      TelemetryIngest telemetry,
      StateIntake state,
      CrlIntake crls,
      PublishRates rates,
      Later later,
      Clock clock,
      Disconnector disconnector,
      BrokerMeters meters,
      RefusalNotes refusals) {}

  private final ClientSession session;
  private final Shared shared;

  InboundPublishes(ClientSession session, Shared shared) {
    this.session = session;
    this.shared = shared;
  }

  @Override
  public void onInboundPublish(PublishInboundInput input, PublishInboundOutput output) {
    HeldPublish held = new HeldPublish(session, shared.disconnector(), output);
    PublishPacket packet = input.getPublishPacket();
    if (session.isEnding()) {
      // HiveMQ lets the client's next CONNECT wait for all that it had sent before: a store that
      // hangs must not be asked about each.
      held.disconnect(Disconnector.Reason.SERVER_BUSY, "connection ends: try again on a new one");
      return;
    }
    guarded(held, () -> throttle(packet, held));
  }

  private void guarded(HeldPublish held, Runnable step) {
    try {
      step.run();
    } catch (Throwable e) {
      // HiveMQ would acknowledge a message whose interceptor throws.
      LOG.error("Publish failed client={}", session.clientId(), e);
      held.disconnect(Disconnector.Reason.SERVER_BUSY, "internal error");
    }
  }

  /** Before anything else, so that what is refused has its price, too. */
  private void throttle(PublishPacket packet, HeldPublish held) {
    int bytes = packet.getPayload().map(ByteBuffer::remaining).orElse(0);
    Optional<Duration> wait =
        shared.rates().take(session.subject(), session.policy().limits().rate(), bytes);
    if (wait.isPresent() && wait.get().isZero()) {
      handle(packet, held);
    } else if (wait.isEmpty() || isBehind(packet)) {
      if (!session.isClosed()) {
        shared
            .refusals()
            .otherwise(
                session,
                "publish",
                packet.getTopic(),
                "quota",
                "rate exceeded (expected: " + session.policy().limits().rate() + ")");
      }
      held.disconnect(Disconnector.Reason.QUOTA_EXCEEDED, "rate exceeded: send more slowly");
    } else {
      shared.meters().held();
      shared.later().run(wait.get(), () -> guarded(held, () -> handle(packet, held)));
    }
  }

  /** HiveMQ reads on while one message is held; this bounds what piles up behind it. */
  private boolean isBehind(PublishPacket packet) {
    return shared.clock().millis() - packet.getTimestamp() > PublishRates.MAX_HOLD.toMillis();
  }

  private void handle(PublishPacket packet, HeldPublish held) {
    SessionCheck.Verdict verdict = shared.check().check(session);
    if (verdict != SessionCheck.Verdict.GOOD) {
      shared
          .refusals()
          .otherwise(session, "publish", packet.getTopic(), verdict.name(), verdict.text());
      held.disconnect(verdict.reason(), verdict.text());
      return;
    }
    if (packet.getQos() == Qos.EXACTLY_ONCE) {
      // HiveMQ would acknowledge, unseen, the next message with the packet id of a refused one.
      String detail = "QoS: 2 (expected: 0 or 1)";
      shared.refusals().otherwise(session, "publish", packet.getTopic(), "qos", detail);
      held.disconnect(Disconnector.Reason.QOS_NOT_SUPPORTED, detail);
      return;
    }
    int bytes = packet.getPayload().map(ByteBuffer::remaining).orElse(0);
    Decision decision = session.policy().publish(packet.getTopic(), packet.getRetain(), bytes);
    if (decision.allowed()) {
      decision = answerable(session, packet);
    }
    if (decision.allowed()) {
      dispatch(packet, held);
    } else {
      refuse(packet, decision, held);
    }
  }

  /**
   * Whether the sender may hear the answer that it asks for. Whoever answers does so with rights of
   * its own, to a topic that the sender has chosen (MQTT 5, 4.10).
   */
  static Decision answerable(ClientSession session, PublishPacket packet) {
    Optional<String> topic = packet.getResponseTopic();
    return topic.isEmpty() ? NO_ANSWER : session.policy().answerTo(topic.get());
  }

  private void dispatch(PublishPacket packet, HeldPublish held) {
    Optional<String> issuer = CrlIntake.issuerOf(packet.getTopic());
    if (issuer.isPresent()) {
      shared.crls().take(session, issuer.get(), packet, held);
    } else if (TelemetryIngest.isTelemetry(packet.getTopic())) {
      shared.telemetry().ingest(session, packet, held);
    } else {
      DeviceTopic.parse(packet.getTopic())
          .ifPresentOrElse(
              topic -> shared.state().take(session, topic, packet, held), held::deliver);
    }
  }

  private void refuse(PublishPacket packet, Decision decision, HeldPublish held) {
    shared.refusals().byPolicy(session, "publish", packet.getTopic(), decision);
    held.refuse(AckReasonCode.NOT_AUTHORIZED, decision.detail());
  }

  static byte[] payloadOf(PublishPacket packet) {
    ByteBuffer view = packet.getPayload().orElse(ByteBuffer.allocate(0)).duplicate();
    byte[] payload = new byte[view.remaining()];
    view.get(payload);
    return payload;
  }
}
