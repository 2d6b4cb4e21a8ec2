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
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees every PUBLISH to one connection last: whatever subscription or session it comes from, it is
 * delivered only if this client could subscribe to its topic now.
 */
final class OutboundPublishes implements PublishOutboundInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(OutboundPublishes.class);

  private final ClientSession session;
  private final Commands commands;
  private final BrokerMeters meters;

  OutboundPublishes(ClientSession session, Commands commands, BrokerMeters meters) {
    this.session = session;
    this.commands = commands;
    this.meters = meters;
  }

  @Override
  public void onOutboundPublish(PublishOutboundInput input, PublishOutboundOutput output) {
    // HiveMQ does not deliver what an interceptor throws at.
    String topic = input.getPublishPacket().getTopic();
    Decision decision = session.policy().receive(topic);
    if (!decision.allowed()) {
      meters.refused("deliver", "policy");
      LOG.warn(
          "Delivery refused client={} subject={} topic={} rule={}",
          session.clientId(),
          session.subject(),
          Quoted.of(topic),
          decision.rule());
      output.preventPublishDelivery();
    } else if (hasEnded(topic)) {
      // It lay in the queue of the session while its end was decided.
      meters.refused("deliver", "ended");
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
