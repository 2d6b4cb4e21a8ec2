/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RenewalWindowTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private final RenewalWindow window = new RenewalWindow(START, START.plus(Duration.ofDays(30)));

  @Test
  void at_anyJitter_liesBetweenTwoThirdsAndFiveSixths() {
    assertThat(window.at(0)).isEqualTo(START.plus(Duration.ofDays(20)));
    assertThat(window.at(0.5)).isEqualTo(START.plus(Duration.ofHours(22 * 24 + 12)));
    assertThat(window.at(0.999)).isBefore(window.closes());
    assertThat(window.closes()).isEqualTo(START.plus(Duration.ofDays(25)));
  }

  @Test
  void at_jitterOutsideItsRange_isRefused() {
    assertThatThrownBy(() -> window.at(1)).hasMessageContaining("jitter: 1.0");
    assertThatThrownBy(() -> window.at(Double.NaN)).hasMessageContaining("jitter: NaN");
  }

  @Test
  void of_endBeforeStart_isRefused() {
    assertThatThrownBy(() -> new RenewalWindow(START, START)).hasMessageContaining("notAfter");
  }
}
