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
import dev.muster.broker.session.ClientSession;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;

/**
 * Sees every PUBLISH to one connection last: whatever subscription or session it comes from, it is
 * delivered only if this client could subscribe to its topic now.
 */
final class OutboundPublishes implements PublishOutboundInterceptor {
  private final ClientSession session;
  private final Commands commands;
  private final RefusalNotes refusals;

  OutboundPublishes(ClientSession session, Commands commands, RefusalNotes refusals) {
    this.session = session;
    this.commands = commands;
    this.refusals = refusals;
  }

  @Override
  public void onOutboundPublish(PublishOutboundInput input, PublishOutboundOutput output) {
    // HiveMQ does not deliver what an interceptor throws at.
    String topic = input.getPublishPacket().getTopic();
    Decision decision = session.policy().receive(topic);
    if (!decision.allowed()) {
      refusals.byPolicy(session, "deliver", topic, decision);
      output.preventPublishDelivery();
    } else if (hasEnded(topic)) {
      // It lay in the queue of the session while its end was decided.
      refusals.dropped("deliver", "ended");
      output.preventPublishDelivery();
    }
  }

  private boolean hasEnded(String topic) {
    return session.subject().isDevice()
        && DeviceTopic.parse(topic)
            .flatMap(DeviceTopic::command)
            .filter(commands::hasEnded)
            .isPresent();
  }
}
