/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counts failures of networks within a minute. Remembers so many and no more: the one that failed
 * first is forgotten first.
 *
 * <p>Thread-safe.
 */
final class Failures {
  static final int MAX_PER_MINUTE = 10;
  private static final int MAX_NETWORKS = 10_000;
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private record Count(Instant since, int failures) {}

  private final Clock clock;
  private final Map<String, Count> counts = new LinkedHashMap<>();

  Failures(Clock clock) {
    this.clock = clock;
  }

  synchronized boolean areTooMany(String network) {
    Count count = counts.get(network);
    return count != null && isCurrent(count) && count.failures >= MAX_PER_MINUTE;
  }

  synchronized void count(String network) {
    Count before = counts.remove(network);
    counts.put(
        network,
        before != null && isCurrent(before)
            ? new Count(before.since, before.failures + 1)
            : new Count(clock.instant(), 1));
    if (counts.size() > MAX_NETWORKS) {
      counts.remove(counts.keySet().iterator().next());
    }
  }

  private boolean isCurrent(Count count) {
    return clock.instant().isBefore(count.since.plus(MINUTE));
  }
}
