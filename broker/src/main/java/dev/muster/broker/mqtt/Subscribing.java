/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.async.Async;
import com.hivemq.extension.sdk.api.async.TimeoutFallback;
import com.hivemq.extension.sdk.api.interceptor.suback.SubackOutboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.suback.parameter.SubackOutboundInput;
import com.hivemq.extension.sdk.api.interceptor.suback.parameter.SubackOutboundOutput;
import com.hivemq.extension.sdk.api.interceptor.subscribe.SubscribeInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.subscribe.parameter.SubscribeInboundInput;
import com.hivemq.extension.sdk.api.interceptor.subscribe.parameter.SubscribeInboundOutput;
import com.hivemq.extension.sdk.api.interceptor.unsubscribe.UnsubscribeInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.unsubscribe.parameter.UnsubscribeInboundInput;
import com.hivemq.extension.sdk.api.interceptor.unsubscribe.parameter.UnsubscribeInboundOutput;
import com.hivemq.extension.sdk.api.packets.subscribe.SubackReasonCode;
import com.hivemq.extension.sdk.api.packets.subscribe.Subscription;
import dev.muster.broker.authz.RateLimit;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PublishRates;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Sees first what one connection subscribes to, and no longer: each filter has its price, granted
 * or not. And has a device told, when it has subscribed, what there is for it. Whoever subscribes
 * to its twin wants to hear it now, also if it has heard it before; a command is told once.
 */
final class Subscribing
    implements SubscribeInboundInterceptor,
        UnsubscribeInboundInterceptor,
        SubackOutboundInterceptor {
  /** Longer than any packet is held. */
  private static final Duration HELD = Duration.ofSeconds(60);

  /** HiveMQ has no other way to refuse a packet than that nobody says what becomes of it. */
  private static final Duration REFUSED = Duration.ofMillis(1);

  private static final Set<SubackReasonCode> GRANTED = EnumSet.of(
      SubackReasonCode.GRANTED_QOS_0,
      SubackReasonCode.GRANTED_QOS_1,
      SubackReasonCode.GRANTED_QOS_2);

  /**
   * What all connections share.
   *
   * @param rates of filters, not of messages
   */
  record Shared(
      SessionEvents events,
      StateIntake.Parts state,
      PublishRates rates,
      Later later,
      Disconnector disconnector,
      BrokerMeters meters,
      RefusalNotes refusals) {}

  private final ClientSession session;
  private final Shared shared;
  private volatile boolean asksForTwin;

  Subscribing(ClientSession session, Shared shared) {
    this.session = session;
    this.shared = shared;
  }

  @Override
  public void onInboundSubscribe(SubscribeInboundInput input, SubscribeInboundOutput output) {
    List<Subscription> asked = input.getSubscribePacket().getSubscriptions();
    throttle(
        "subscribe", asked.size(), limit -> output.async(limit, TimeoutFallback.FAILURE), () -> {
          if (asked.stream().anyMatch(Subscribing::isForTwin)) {
            asksForTwin = true;
          }
        });
  }

  private static boolean isForTwin(Subscription subscription) {
    return DeviceTopic.parse(subscription.getTopicFilter())
        .filter(DeviceTopic::isDesired)
        .isPresent();
  }

  @Override
  public void onInboundUnsubscribe(UnsubscribeInboundInput input, UnsubscribeInboundOutput output) {
    List<String> filters = input.getUnsubscribePacket().getTopicFilters();
    throttle(
        "unsubscribe",
        filters.size(),
        limit -> output.async(limit, TimeoutFallback.FAILURE),
        () -> filters.forEach(session::unsubscribed));
  }

  /**
   * As many filters in a second as the client may have at all, and ten seconds' worth at once: one
   * packet could else name half a million.
   *
   * @param hold has HiveMQ wait until it is told to go on, and refuse the packet if it is not
   * @param taken is done when it goes on
   */
  private void throttle(
      String operation, int filters, Function<Duration, Async<?>> hold, Runnable taken) {
    int rate = rate(session.policy().limits().filters());
    Optional<Duration> wait =
        shared.rates().take(session.subject(), new RateLimit(rate, 0), filters, 0);
    if (wait.isEmpty()) {
      hold.apply(REFUSED);
      refuse(operation, filters, rate);
    } else if (wait.get().isZero()) {
      taken.run();
    } else {
      shared.meters().held();
      Async<?> held = hold.apply(HELD);
      shared.later().run(wait.get(), () -> {
        taken.run();
        held.resume();
      });
    }
  }

  /**
   * How many in a second. Who may have none has a rate, too: one of 0 would be none, and its
   * filters are still to be refused one by one.
   */
  static int rate(int filters) {
    return Math.max(1, filters);
  }

  private void refuse(String operation, int filters, int rate) {
    if (session.isEnding()) {
      return;
    }
    session.markEnding();
    String detail = filters + " filters: rate exceeded (expected: " + rate + " a second)";
    shared.refusals().otherwise(session, operation, "", "quota", detail);
    shared.disconnector().disconnect(session, Disconnector.Reason.QUOTA_EXCEEDED, detail);
  }

  @Override
  public void onOutboundSuback(SubackOutboundInput input, SubackOutboundOutput output) {
    // Only now is the subscription there.
    boolean asked = asksForTwin;
    asksForTwin = false;
    if (input.getSubackPacket().getReasonCodes().stream().noneMatch(GRANTED::contains)) {
      return;
    }
    if (asked && session.subject().isDevice()) {
      shared.state().deliveries().repeat(session, shared.state().twins());
    }
    shared.events().listening(session);
  }
}
