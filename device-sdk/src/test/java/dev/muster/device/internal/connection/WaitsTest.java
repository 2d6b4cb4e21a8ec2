/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class WaitsTest {
  private static Waits waits(long bits) {
    RandomGenerator random = () -> bits;
    return new Waits(DeviceTiming.STANDARD, random);
  }

  @Test
  void nextBusy_anyChance_isLongAfterTheFirstReconnect() {
    assertThat(waits(0).nextReconnect()).isLessThan(Duration.ofSeconds(1));
    assertThat(waits(0).nextBusy()).isEqualTo(Duration.ofSeconds(15));
    assertThat(waits(-1).nextBusy()).isBetween(Duration.ofSeconds(44), Duration.ofSeconds(45));
  }
}
