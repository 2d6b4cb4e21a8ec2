/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration BASE = Duration.ofSeconds(1);
  private static final Duration CAP = Duration.ofMinutes(2);

  @Test
  void next_upperEndOfRandomness_doublesUpToTheCap() {
    Backoff backoff = new Backoff(BASE, CAP, () -> -1L);

    for (long expected : new long[] {1, 2, 4, 8, 16, 32, 64, 120, 120}) {
      assertThat(backoff.next())
          .isBetween(Duration.ofSeconds(expected).minusMillis(1), Duration.ofSeconds(expected));
    }
  }

  @Test
  void next_aThousandTimes_neverLeavesTheCap() {
    Backoff backoff = new Backoff(BASE, CAP, new SplittableRandom(7));

    for (int i = 0; i < 1000; i++) {
      assertThat(backoff.next()).isBetween(Duration.ZERO, CAP);
    }
  }

  @Test
  void next_afterReset_startsOver() {
    Backoff backoff = new Backoff(BASE, CAP, () -> -1L);
    backoff.next();
    backoff.next();
    backoff.reset();

    assertThat(backoff.next()).isLessThanOrEqualTo(BASE);
  }

  @Test
  void next_manyDevices_isSpreadEvenly() {
    SplittableRandom random = new SplittableRandom(7);
    double mean = DoubleStream.generate(
            () -> new Backoff(BASE, CAP, random).next().toMillis())
        .limit(10_000)
        .average()
        .orElseThrow();

    assertThat(mean).isBetween(480.0, 520.0);
  }
}
