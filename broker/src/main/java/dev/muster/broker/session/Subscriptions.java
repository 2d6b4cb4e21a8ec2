/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

/** Takes subscriptions away: a port, which the broker's own store fulfils. */
public interface Subscriptions {
  /** Ends a subscription of a client, whether it is connected or not. Returns at once. */
  void remove(ClientSession session, String filter);
}
