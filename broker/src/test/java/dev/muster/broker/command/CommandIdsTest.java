/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CommandIdsTest {
  private final MovableClock clock = MovableClock.at(Instant.parse("2026-11-25T10:00:00Z"));
  private final CommandIds ids = new CommandIds(clock);

  @Test
  void id_isAUuidOfVersion7_withItsTime() {
    UUID id = UUID.fromString(ids.next());
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(clock.millis());
  }

  @Test
  void ids_grow_alsoWithinAMillisecond_andWhenTheClockIsPutBack() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      made.add(ids.next());
    }
    clock.advance(Duration.ofHours(-1));
    made.add(ids.next());
    clock.advance(Duration.ofHours(2));
    made.add(ids.next());
    assertThat(made).isSorted().doesNotHaveDuplicates();
  }
}
