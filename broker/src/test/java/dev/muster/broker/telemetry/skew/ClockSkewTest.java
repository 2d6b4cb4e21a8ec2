/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.skew;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClockSkewTest {
  private static Optional<ClockSkew> of(long... millis) {
    return ClockSkew.estimate(Arrays.stream(millis).mapToObj(Duration::ofMillis).toList());
  }

  @Test
  void liveMessages_giveTheirMedian() {
    assertThat(of(120, 80, 100, 900, 110)).hasValue(new ClockSkew(Duration.ofMillis(110), 5, 5));
  }

  @Test
  void backlog_isNotTakenForASlowClock() {
    // An hour's worth, a minute apart, sent at once; then three live ones of a clock 7 s ahead.
    long[] differences = new long[63];
    for (int i = 0; i < 60; i++) {
      differences[i] = (60 - i) * 60_000L - 7_000;
    }
    differences[60] = -6_900;
    differences[61] = -6_950;
    differences[62] = -6_800;
    assertThat(of(differences)).hasValue(new ClockSkew(Duration.ofMillis(-6_900), 3, 63));
  }

  @Test
  void singleTimeFarAhead_decidesNothing() {
    assertThat(of(-86_400_000, 100, 120, 140))
        .hasValue(new ClockSkew(Duration.ofMillis(120), 3, 4));
  }

  @Test
  void nothing_isNotKnown() {
    assertThat(ClockSkew.estimate(List.of())).isEmpty();
    assertThat(of(50)).hasValue(new ClockSkew(Duration.ofMillis(50), 1, 1));
  }
}
