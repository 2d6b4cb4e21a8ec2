/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FailureCountsTest {
  private final FailureCounts counts = new FailureCounts();

  @Test
  void count_sameReason_addsUp() {
    counts.count("a");
    counts.count("a");
    counts.count("b", 3);
    assertThat(counts.toMap()).containsEntry("a", 2L).containsEntry("b", 3L).hasSize(2);
    assertThat(counts.total()).isEqualTo(5);
  }

  @Test
  void count_endlessReasons_areBounded() {
    for (int i = 0; i < 1000; i++) {
      counts.count("reason " + i + " " + "x".repeat(1000));
    }
    assertThat(counts.toMap()).hasSize(21).containsEntry(FailureCounts.OTHER, 980L);
    assertThat(counts.toMap().keySet()).allMatch(reason -> reason.length() < 200);
    assertThat(counts.total()).isEqualTo(1000);
  }
}
