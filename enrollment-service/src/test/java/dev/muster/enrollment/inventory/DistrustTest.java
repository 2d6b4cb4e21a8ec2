/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class DistrustTest {
  /** What is shown when it is made, and when it is read again, has one entity tag. */
  @Test
  void time_isAsFineAsADatabaseKeepsIt() {
    Instant now = Instant.parse("2026-01-31T12:00:00.123456789Z");
    assertThat(new Distrust(now, true).from())
        .isEqualTo(Instant.parse("2026-01-31T12:00:00.123456Z"));
  }
}
