/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.interceptor.publish.PublishOutboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishOutboundInput;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishOutboundOutput;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.command.Commands;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;

/**
 * Sees every PUBLISH to one connection last: whatever subscription or session it comes from, it is
 * delivered only if the certificate holds, and if this client could subscribe to its topic now.
 */
final class OutboundPublishes implements PublishOutboundInterceptor {
  /** What all connections share. */
  record Shared(
      SessionCheck check, Commands commands, Disconnector disconnector, RefusalNotes refusals) {}

  private final ClientSession session;
  private final Shared shared;

  OutboundPublishes(ClientSession session, Shared shared) {
    this.session = session;
    this.shared = shared;
  }

  @Override
  public void onOutboundPublish(PublishOutboundInput input, PublishOutboundOutput output) {
    // HiveMQ does not deliver what an interceptor throws at.
    String topic = input.getPublishPacket().getTopic();
    SessionCheck.Verdict verdict = shared.check().check(session);
    if (verdict != SessionCheck.Verdict.GOOD) {
      output.preventPublishDelivery();
      end(topic, verdict);
      return;
    }
    Decision decision = session.policy().receive(topic);
    if (!decision.allowed()) {
      shared.refusals().byPolicy(session, "deliver", topic, decision);
      output.preventPublishDelivery();
    } else if (hasEnded(topic)) {
      // It lay in the queue of the session while its end was decided.
      shared.refusals().dropped("deliver", "ended");
      output.preventPublishDelivery();
    }
  }

  /** At once, so that what lies behind it stays in the queue of a client that may come back. */
  private void end(String topic, SessionCheck.Verdict verdict) {
    if (session.isEnding()) {
      shared.refusals().dropped("deliver", verdict.name());
      return;
    }
    session.markEnding();
    shared.refusals().otherwise(session, "deliver", topic, verdict.name(), verdict.text());
    shared.disconnector().disconnect(session, verdict.reason(), verdict.text());
  }

  private boolean hasEnded(String topic) {
    return session.subject().isDevice()
        && DeviceTopic.parse(topic)
            .flatMap(DeviceTopic::command)
            .filter(id -> shared.commands().hasEnded(id))
            .isPresent();
  }
}
