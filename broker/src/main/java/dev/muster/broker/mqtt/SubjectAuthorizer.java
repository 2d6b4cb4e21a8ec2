/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.auth.PublishAuthorizer;
import com.hivemq.extension.sdk.api.auth.SubscriptionAuthorizer;
import com.hivemq.extension.sdk.api.auth.parameter.PublishAuthorizerInput;
import com.hivemq.extension.sdk.api.auth.parameter.PublishAuthorizerOutput;
import com.hivemq.extension.sdk.api.auth.parameter.SubscriptionAuthorizerInput;
import com.hivemq.extension.sdk.api.auth.parameter.SubscriptionAuthorizerOutput;
import com.hivemq.extension.sdk.api.packets.connect.WillPublishPacket;
import com.hivemq.extension.sdk.api.packets.disconnect.DisconnectReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import com.hivemq.extension.sdk.api.packets.subscribe.SubackReasonCode;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the policy about each publish, each last will and each subscription. Called by HiveMQ, one
 * call of a client at a time; does not block.
 *
 * <p>A publish comes here after {@link InboundPublishes}, which has asked already; this is the
 * second lock, and the only one for last wills and subscriptions.
 */
final class SubjectAuthorizer implements PublishAuthorizer, SubscriptionAuthorizer {
  private static final Logger LOG = LoggerFactory.getLogger(SubjectAuthorizer.class);

  private static final Decision RESERVED_WILL = Decision.deny(
      StateIntake.RESERVED,
      "last will: on a topic that the broker keeps or writes itself"
          + " (expected: another one, events/<name> for example)");

  /** It is published without another question, when the certificate may long be revoked. */
  private static final Decision DELAYED_WILL =
      Decision.deny("delay", "last will: Will Delay Interval (expected: 0)");

  private final Sessions sessions;
  private final SessionCheck check;
  private final RefusalNotes refusals;

  SubjectAuthorizer(Sessions sessions, SessionCheck check, RefusalNotes refusals) {
    this.sessions = sessions;
    this.check = check;
    this.refusals = refusals;
  }

  @Override
  public void authorizePublish(PublishAuthorizerInput input, PublishAuthorizerOutput output) {
    try {
      Optional<ClientSession> session =
          ConnectionSessions.find(input.getConnectionInformation(), sessions);
      if (session.isEmpty()) {
        output.disconnectClient(DisconnectReasonCode.NOT_AUTHORIZED);
      } else if (input.getPublishPacket() instanceof WillPublishPacket will) {
        decideWill(session.get(), will, output);
      } else {
        decidePublish(session.get(), input.getPublishPacket(), output);
      }
    } catch (RuntimeException e) {
      LOG.error("Authorization of a publish failed", e);
      output.disconnectClient(DisconnectReasonCode.SERVER_BUSY);
    }
  }

  private void decideWill(
      ClientSession session, WillPublishPacket will, PublishAuthorizerOutput output) {
    int bytes = will.getPayload().map(ByteBuffer::remaining).orElse(0);
    Decision decision = session.policy().will(will.getTopic(), will.getRetain(), bytes);
    if (decision.allowed()) {
      decision = InboundPublishes.answerable(session, will);
    }
    if (decision.allowed() && isReserved(will.getTopic())) {
      decision = RESERVED_WILL;
    }
    if (decision.allowed() && will.getWillDelay() > 0) {
      decision = DELAYED_WILL;
    }
    if (decision.allowed()) {
      output.authorizeSuccessfully();
      return;
    }
    refusals.byPolicy(session, "will", will.getTopic(), decision);
    output.failAuthorization(AckReasonCode.NOT_AUTHORIZED, decision.detail());
  }

  private void decidePublish(
      ClientSession session, PublishPacket packet, PublishAuthorizerOutput output) {
    int bytes = packet.getPayload().map(ByteBuffer::remaining).orElse(0);
    Decision decision = session.policy().publish(packet.getTopic(), packet.getRetain(), bytes);
    if (!decision.allowed()) {
      refusals.byPolicy(session, "publish", packet.getTopic(), decision);
      output.failAuthorization(AckReasonCode.NOT_AUTHORIZED, decision.detail());
    } else if (passesStore(packet.getTopic()) && !session.takeIngested()) {
      // HiveMQ skips an interceptor whose class loader it does not know, and would then acknowledge
      // what nobody has stored.
      LOG.error("Publish came past the store client={}: disconnected", session.clientId());
      output.disconnectClient(DisconnectReasonCode.SERVER_BUSY);
    } else {
      output.authorizeSuccessfully();
    }
  }

  /** A last will passes nothing of ours: neither the store, nor what keeps to itself to write. */
  private static boolean isReserved(String topic) {
    return passesStore(topic)
        || CrlIntake.issuerOf(topic).isPresent()
        || DeviceTopic.parse(topic).filter(DeviceTopic::isOfBackend).isPresent();
  }

  private static boolean passesStore(String topic) {
    return TelemetryIngest.isTelemetry(topic) || StateIntake.isState(topic);
  }

  @Override
  public void authorizeSubscribe(
      SubscriptionAuthorizerInput input, SubscriptionAuthorizerOutput output) {
    try {
      Optional<ClientSession> session =
          ConnectionSessions.find(input.getConnectionInformation(), sessions);
      if (session.isEmpty()) {
        output.disconnectClient(DisconnectReasonCode.NOT_AUTHORIZED);
      } else {
        decideSubscribe(session.get(), input.getSubscription().getTopicFilter(), output);
      }
    } catch (RuntimeException e) {
      LOG.error("Authorization of a subscription failed", e);
      output.disconnectClient(DisconnectReasonCode.SERVER_BUSY);
    }
  }

  private void decideSubscribe(
      ClientSession session, String filter, SubscriptionAuthorizerOutput output) {
    SessionCheck.Verdict verdict = check.check(session);
    if (verdict != SessionCheck.Verdict.GOOD) {
      refusals.otherwise(session, "subscribe", filter, verdict.name(), verdict.text());
      output.disconnectClient(HiveMqDisconnector.code(verdict.reason()), verdict.text());
      return;
    }
    Decision decision = session.policy().subscribe(filter);
    int most = session.policy().limits().filters();
    if (decision.allowed() && !session.subscribed(filter, most)) {
      decision = Decision.deny(
          "limits.filters", "subscriptions: " + most + " (expected: no more than these)");
    }
    if (decision.allowed()) {
      output.authorizeSuccessfully();
    } else {
      refusals.byPolicy(session, "subscribe", filter, decision);
      output.failAuthorization(SubackReasonCode.NOT_AUTHORIZED, decision.detail());
    }
  }
}
