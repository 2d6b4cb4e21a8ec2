/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How often each of many has asked in the minute that runs. Only those count who proved who they
 * are, so that there are no more names than requests that cost us a signature check.
 *
 * <p>Thread-safe.
 */
final class MinuteCounts {
  private static final long MINUTE_MS = 60_000;

  private final int limit;
  private final Map<String, Integer> counts = new HashMap<>();
  private long minute;

  /** @param limit of each in a minute */
  MinuteCounts(int limit) {
    this.limit = limit;
  }

  /**
   * Counts one more.
   *
   * @return how long to wait if that is one too many
   */
  synchronized Optional<Duration> exceeded(String name, Instant now) {
    long current = Math.floorDiv(now.toEpochMilli(), MINUTE_MS);
    if (current != minute) {
      minute = current;
      counts.clear();
    }
    return counts.merge(name, 1, Integer::sum) > limit
        ? Optional.of(Duration.ofMillis((current + 1) * MINUTE_MS - now.toEpochMilli()))
        : Optional.empty();
  }
}
