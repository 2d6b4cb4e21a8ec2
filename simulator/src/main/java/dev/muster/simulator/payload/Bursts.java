/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import dev.muster.protocol.telemetry.Measurement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A machine that is watched for vibration: one level in each message, until something shakes it;
 * then a few messages in a row bring the wave itself.
 */
final class Bursts implements MessageSource {
  /** Of so many messages, one begins a burst, on average. */
  private static final int MESSAGES_PER_BURST = 30;

  private static final int LONGEST_BURST = 5;
  private static final int POINTS = 64;
  private static final Duration BETWEEN_POINTS = Duration.ofMillis(2);
  private static final double RADIANS_PER_POINT = 0.6;

  private final SplittableRandom random;
  private int left;

  Bursts(SplittableRandom random) {
    this.random = random;
  }

  @Override
  public Reading next(Instant at) {
    if (left == 0 && random.nextInt(MESSAGES_PER_BURST) == 0) {
      left = random.nextInt(1, LONGEST_BURST + 1);
    }
    if (left == 0) {
      return new Reading("vibration", List.of(level(at)));
    }
    left--;
    return new Reading("wave", wave(at));
  }

  private Measurement level(Instant at) {
    return Sensor.number("level", "m/s2", at, 0.2 + random.nextDouble(0.05), 3);
  }

  /** Its last point is of {@code at}. */
  private List<Measurement> wave(Instant at) {
    double peak = random.nextDouble(5, 40);
    return IntStream.range(0, POINTS)
        .mapToObj(point -> Sensor.number(
            "acceleration",
            "m/s2",
            at.minus(BETWEEN_POINTS.multipliedBy(POINTS - 1L - point)),
            peak * Math.sin(point * RADIANS_PER_POINT) * Math.exp(-3.0 * point / POINTS),
            3))
        .toList();
  }
}
