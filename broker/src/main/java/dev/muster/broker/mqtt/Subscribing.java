/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.interceptor.suback.SubackOutboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.suback.parameter.SubackOutboundInput;
import com.hivemq.extension.sdk.api.interceptor.suback.parameter.SubackOutboundOutput;
import com.hivemq.extension.sdk.api.interceptor.subscribe.SubscribeInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.subscribe.parameter.SubscribeInboundInput;
import com.hivemq.extension.sdk.api.interceptor.subscribe.parameter.SubscribeInboundOutput;
import dev.muster.broker.session.ClientSession;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;

/**
 * Has a device told, when it subscribes, what there is for it. Whoever subscribes to its twin wants
 * to hear it now, also if it has heard it before; a command is told once.
 */
final class Subscribing implements SubscribeInboundInterceptor, SubackOutboundInterceptor {
  private final ClientSession session;
  private final SessionEvents events;
  private final StateIntake.Parts state;
  private volatile boolean asksForTwin;

  Subscribing(ClientSession session, SessionEvents events, StateIntake.Parts state) {
    this.session = session;
    this.events = events;
    this.state = state;
  }

  @Override
  public void onInboundSubscribe(SubscribeInboundInput input, SubscribeInboundOutput output) {
    boolean asks = input.getSubscribePacket().getSubscriptions().stream()
        .anyMatch(subscription -> DeviceTopic.parse(subscription.getTopicFilter())
            .filter(DeviceTopic::isDesired)
            .isPresent());
    if (asks) {
      asksForTwin = true;
    }
  }

  @Override
  public void onOutboundSuback(SubackOutboundInput input, SubackOutboundOutput output) {
    // Only now is the subscription there.
    if (asksForTwin && session.subject().isDevice()) {
      asksForTwin = false;
      state.deliveries().repeat(session, state.twins());
    }
    events.listening(session);
  }
}
