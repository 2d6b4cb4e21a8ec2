/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A value that wanders around zero and comes back (an Ornstein-Uhlenbeck process): near in time
 * means near in value, however often it is asked.
 */
final class Drift {
  private final RandomGenerator random;
  private final double deviation;
  private final double memorySeconds;
  private double value;
  private @Nullable Instant last;

  /** @param memory after how long it has mostly forgotten where it was */
  Drift(RandomGenerator random, double deviation, Duration memory) {
    this.random = random;
    this.deviation = deviation;
    this.memorySeconds = memory.toMillis() / 1000.0;
  }

  double at(Instant time) {
    double kept = last == null ? 0 : Math.exp(-secondsSince(last, time) / memorySeconds);
    value = value * kept + deviation * Math.sqrt(1 - kept * kept) * random.nextGaussian();
    last = time;
    return value;
  }

  private static double secondsSince(Instant earlier, Instant later) {
    return Math.max(0, Duration.between(earlier, later).toMillis() / 1000.0);
  }
}
