/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static java.util.Objects.requireNonNull;

/**
 * How much one client may ask for.
 *
 * @param payloadBytes the largest payload that it may publish
 * @param rate how much it may publish in the long run
 * @param topicBytes the longest topic or filter, in UTF-8
 * @param topicLevels the most levels of a topic or filter
 * @param filters how many it may be subscribed to at a time
 * @param sessions how many may be connected with one certificate
 * @param inFlight how many messages may be on their way to it unacknowledged
 * @param minKeepAliveSeconds the shortest time between its signs of life that it may announce
 * @param maxKeepAliveSeconds the longest
 */
public record ClientLimits(
    int payloadBytes,
    RateLimit rate,
    int topicBytes,
    int topicLevels,
    int filters,
    int sessions,
    int inFlight,
    int minKeepAliveSeconds,
    int maxKeepAliveSeconds) {
  public ClientLimits {
    requireNonNull(rate, "rate");
    if (minKeepAliveSeconds > maxKeepAliveSeconds) {
      throw new IllegalArgumentException("keepAliveSeconds: " + minKeepAliveSeconds + " to "
          + maxKeepAliveSeconds + " (expected: the shorter first)");
    }
  }

  /** Of a client with two roles: what either allows. */
  ClientLimits or(ClientLimits other) {
    return new ClientLimits(
        Math.max(payloadBytes, other.payloadBytes),
        rate.or(other.rate),
        Math.max(topicBytes, other.topicBytes),
        Math.max(topicLevels, other.topicLevels),
        Math.max(filters, other.filters),
        Math.max(sessions, other.sessions),
        Math.max(inFlight, other.inFlight),
        Math.min(minKeepAliveSeconds, other.minKeepAliveSeconds),
        Math.max(maxKeepAliveSeconds, other.maxKeepAliveSeconds));
  }
}
