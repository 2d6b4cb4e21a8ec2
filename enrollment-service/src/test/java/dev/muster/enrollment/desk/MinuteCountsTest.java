/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MinuteCountsTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:20Z");

  @Test
  void oneTooMany_waitsForTheNextMinute() {
    MinuteCounts counts = new MinuteCounts(2);
    assertThat(counts.exceeded("a", START)).isEmpty();
    assertThat(counts.exceeded("a", START)).isEmpty();
    assertThat(counts.exceeded("a", START)).contains(Duration.ofSeconds(40));
    assertThat(counts.exceeded("b", START)).isEmpty();
    assertThat(counts.exceeded("a", START.plusSeconds(40))).isEmpty();
  }

  @Test
  void clockSetBack_locksNobodyOut() {
    MinuteCounts counts = new MinuteCounts(1);
    assertThat(counts.exceeded("a", START)).isEmpty();
    assertThat(counts.exceeded("a", START.minusSeconds(3600))).isEmpty();
  }
}
