/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.skew;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How far a device's clock is behind ours: the median of receive minus event time over those of its
 * messages that were sent as soon as they were measured.
 *
 * <p>What was kept while there was no connection comes late, and delay only adds to the difference.
 * So the least differences are those of live messages, as in the clock filter of NTP (RFC 5905,
 * 10): the lowest that some agree upon within two seconds. A single time that lies far off, on
 * either side, decides nothing.
 *
 * @param behind negative: the clock is ahead
 * @param messages how many were taken for live
 * @param of how many there are that carry a time of the device's clock
 */
public record ClockSkew(Duration behind, int messages, int of) {
  private static final Duration AGREEMENT = Duration.ofSeconds(2);
  private static final int QUORUM = 3;

  /** Empty without any difference. */
  static Optional<ClockSkew> estimate(List<Duration> differences) {
    Duration[] sorted = differences.stream().sorted().toArray(Duration[]::new);
    if (sorted.length == 0) {
      return Optional.empty();
    }
    int quorum = Math.min(QUORUM, sorted.length);
    int from = 0;
    while (from + quorum < sorted.length && agreeing(sorted, from) < quorum) {
      from++;
    }
    int live = agreeing(sorted, from);
    if (live < quorum) {
      from = 0;
      live = agreeing(sorted, from);
    }
    Duration[] agreed = Arrays.copyOfRange(sorted, from, from + live);
    return Optional.of(new ClockSkew(median(agreed), live, sorted.length));
  }

  private static int agreeing(Duration[] sorted, int from) {
    Duration most = sorted[from].plus(AGREEMENT);
    int count = 0;
    while (from + count < sorted.length && sorted[from + count].compareTo(most) <= 0) {
      count++;
    }
    return count;
  }

  private static Duration median(Duration[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : sorted[middle - 1].plus(sorted[middle]).dividedBy(2);
  }
}
