/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;

/** One value that wanders, as that of a sensor does which nobody looks after. */
final class RandomWalk implements MessageSource {
  private static final double DEVIATION = 5;

  private final double mean;
  private final Drift drift;

  RandomWalk(SplittableRandom random) {
    mean = random.nextDouble(10, 30);
    drift = new Drift(random, DEVIATION, Duration.ofMinutes(10));
  }

  @Override
  public Reading next(Instant at) {
    return new Reading("walk", List.of(Sensor.number("value", "1", at, mean + drift.at(at), 2)));
  }
}
