/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.simulator.scenario.Phase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RateCurveTest {
  private static final long SECOND = 1_000_000_000L;

  /** 10 s as usual, 10 s five times as often, 10 s as usual, from second 100 on. */
  private final RateCurve curve = new RateCurve(
      100 * SECOND,
      List.of(
          new Phase.Steady(Duration.ofSeconds(10)),
          new Phase.Burst(Duration.ofSeconds(10), 5),
          new Phase.Steady(Duration.ofSeconds(10))));

  @Test
  void after_withinAPhase_isTheUsualPauseByItsFactor() {
    assertThat(curve.after(102 * SECOND, 3e9)).isEqualTo(105 * SECOND);
    assertThat(curve.after(112 * SECOND, 3e9)).isEqualTo(112 * SECOND + 600_000_000);
    assertThat(curve.after(122 * SECOND, 3e9)).isEqualTo(125 * SECOND);
  }

  @Test
  void after_acrossPhases_addsUpWhatEachGives() {
    assertThat(curve.after(108 * SECOND, 4e9)).isEqualTo(110 * SECOND + 400_000_000);
    // 2 s of the first, 50 s of the burst, 3 s of the last.
    assertThat(curve.after(108 * SECOND, 55e9)).isEqualTo(123 * SECOND);
  }

  @Test
  void after_theEnd_goesOnAsUsual() {
    assertThat(curve.after(128 * SECOND, 5e9)).isEqualTo(133 * SECOND);
    assertThat(curve.after(200 * SECOND, 5e9)).isEqualTo(205 * SECOND);
  }
}
