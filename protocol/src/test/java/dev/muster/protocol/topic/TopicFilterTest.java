/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicFilterTest {
  @ParameterizedTest
  @CsvSource({
    "a/b,      a/b,      true",
    "a/b,      a/b/,     false",
    "a/b,      a/B,      false",
    "a/+,      a/b,      true",
    "a/+,      a/,       true",
    "a/+,      a,        false",
    "a/+,      a/b/c,    false",
    "a/#,      a,        true",
    "a/#,      a/b/c,    true",
    "a/#,      ab,       false",
    "#,        a/b,      true",
    "#,        $SYS/x,   false",
    "+/x,      $SYS/x,   false",
    "$SYS/#,   $SYS/x,   true",
    "a/+,      a/+,      false",
    "a/#,      a/#,      false",
    "fleets/f/devices/d1/telemetry/+, fleets/f/devices/d10/telemetry/x, false"
  })
  void matches_byTheRulesOfMqtt(String filter, String topic, boolean expected) {
    assertThat(TopicFilter.of(filter).matches(topic)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "a/b,   a/b,    true",
    "a/+,   a/b,    true",
    "a/+,   a/+,    true",
    "a/b,   a/+,    false",
    "a/+,   a/#,    false",
    "a/+,   #,      false",
    "a/#,   a/#,    true",
    "a/#,   a/+/c,  true",
    "a/#,   a,      true",
    "a/#,   +/b,    false",
    "a/+/c, a/#,    false",
    "a/+,   +/a,    false",
    "#,     +/x,    true",
    "#,     $SYS/#, false",
    "+/+,   a/#,    false"
  })
  void covers_onlyWhatLiesWhollyInside(String granted, String asked, boolean expected) {
    assertThat(TopicFilter.of(granted).covers(TopicFilter.of(asked))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a#", "a/#/b", "a+/b", "+a", "##", "a/\u0000"})
  void of_wildcardOutOfPlace_isRefused(String filter) {
    assertThatThrownBy(() -> TopicFilter.of(filter)).hasMessageStartingWith("topic filter: \"");
  }

  /**
   * The definition of covering, tried on random small cases: whatever the narrow filter matches,
   * the wide one does.
   */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void covers_whenTrue_everyMatchOfTheNarrowIsOneOfTheWide(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 200; i++) {
      TopicFilter wide = TopicFilter.of(filter(random));
      TopicFilter narrow = TopicFilter.of(filter(random));
      String topic = topic(random);
      if (wide.covers(narrow) && narrow.matches(topic)) {
        assertThat(wide.matches(topic))
            .as("%s covers %s, topic %s", wide, narrow, topic)
            .isTrue();
      }
    }
  }

  static LongStream seeds() {
    return Long.getLong("seed") == null
        ? LongStream.range(0, 50)
        : LongStream.of(Long.getLong("seed"));
  }

  private static String topic(SplittableRandom random) {
    return String.join("/", levels(random, "a", "b", "$x"));
  }

  private static String filter(SplittableRandom random) {
    String filter = String.join("/", levels(random, "a", "b", "+", "$x"));
    return random.nextInt(3) == 0 ? filter + "/#" : filter;
  }

  private static String[] levels(SplittableRandom random, String... choices) {
    String[] levels = new String[1 + random.nextInt(3)];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = choices[random.nextInt(choices.length)];
    }
    return levels;
  }
}
