/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangesTest {
  private static String shown(Ranges ranges) {
    StringBuilder shown = new StringBuilder();
    ranges
        .all()
        .forEach((first, range) ->
            shown.append(first).append('-').append(range.last()).append(' '));
    return shown.toString().strip();
  }

  @Test
  void lateNumber_closesTheGap() {
    Ranges ranges = new Ranges();
    ranges.load(1, 3, 10);
    ranges.load(5, 9, 20);
    ranges.add(4, 30);
    assertThat(shown(ranges)).isEqualTo("1-9");
    assertThat(ranges.all().get(1L).seenMicros()).isEqualTo(30);
    assertThat(ranges.gone()).containsExactly(5L);
    assertThat(ranges.toWrite(false)).containsExactly(1L);
    assertThat(ranges.toWrite(true)).isEmpty();
  }

  @Test
  void numberThatIsThere_changesNothing() {
    Ranges ranges = new Ranges();
    ranges.load(1, 3, 10);
    ranges.add(2, 99);
    assertThat(ranges.toWrite(false)).isEmpty();
    assertThat(ranges.gone()).isEmpty();
  }

  @Test
  void tooManyRanges_theOldestGapsAreForgotten() {
    Ranges ranges = new Ranges();
    for (long number = 1; number <= 2L * (Ranges.MOST + 5); number += 2) {
      ranges.add(number, number);
    }
    assertThat(ranges.cut()).isEqualTo(5);
    assertThat(ranges.all()).hasSize(Ranges.MOST);
    assertThat(shown(ranges)).startsWith("1-11 13-13");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void numbersInAnyOrder_areThoseOfASet(long seed) {
    Random random = new Random(seed);
    Ranges ranges = new Ranges();
    BitSet expected = new BitSet();
    for (int i = 0; i < 300; i++) {
      int number = 1 + random.nextInt(150);
      ranges.add(number, i);
      expected.set(number);
    }
    BitSet found = new BitSet();
    long before = -1;
    for (var entry : ranges.all().entrySet()) {
      assertThat(entry.getKey()).isGreaterThan(before + 1);
      before = entry.getValue().last();
      found.set(Math.toIntExact(entry.getKey()), Math.toIntExact(before) + 1);
    }
    assertThat(found).isEqualTo(expected);
  }
}
