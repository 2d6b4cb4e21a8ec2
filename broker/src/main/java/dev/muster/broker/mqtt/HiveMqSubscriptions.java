/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.services.subscription.SubscriptionStore;
import com.hivemq.extension.sdk.api.services.subscription.TopicSubscription;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Subscriptions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The subscriptions in HiveMQ; until the extension runs, there are none. */
final class HiveMqSubscriptions implements Subscriptions {
  private static final Logger LOG = LoggerFactory.getLogger(HiveMqSubscriptions.class);

  private volatile @Nullable SubscriptionStore store;

  void use(SubscriptionStore service) {
    store = service;
  }

  @Override
  public void remove(ClientSession session, String filter) {
    SubscriptionStore current = store;
    if (current != null) {
      current
          .removeSubscription(session.brokerClientId(), filter)
          .whenComplete((done, failure) -> warn(session, failure));
    }
  }

  /**
   * Notes the subscriptions that a client has left from an earlier connection, and ends those that
   * it would not be granted today.
   */
  void restore(ClientSession session) {
    SubscriptionStore current = store;
    if (current != null) {
      current
          .getSubscriptions(session.brokerClientId())
          .thenAccept(earlier -> restore(session, earlier))
          .whenComplete((done, failure) -> warn(session, failure));
    }
  }

  private void restore(ClientSession session, Set<TopicSubscription> earlier) {
    for (TopicSubscription subscription : earlier) {
      String filter = subscription.getTopicFilter();
      boolean keeps = session.policy().subscribe(filter).allowed()
          && session.subscribed(filter, session.policy().limits().filters());
      if (!keeps) {
        LOG.info("Subscription ended client={} filter={}", session.clientId(), filter);
        remove(session, filter);
      }
    }
  }

  private static void warn(ClientSession session, @Nullable Throwable failure) {
    if (failure != null) {
      // Nothing is delivered that the policy does not grant, whatever is subscribed.
      LOG.warn(
          "Subscriptions not read or changed client={} error={}",
          session.clientId(),
          failure.toString());
    }
  }
}
