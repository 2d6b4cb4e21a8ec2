/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SeriesThinnerTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static List<Point> thin(int limit, int count, IntFunction<Object> value) {
    SeriesThinner thinner = new SeriesThinner(limit);
    for (int i = 0; i < count; i++) {
      thinner.add(Point.raw(START.plusMillis(500L * i), value.apply(i)));
    }
    return thinner.points();
  }

  @Test
  void add_fewerThanTheLimit_keepsAll() {
    assertThat(thin(10, 10, i -> (double) i)).hasSize(10);
  }

  @Test
  void add_evenPoints_leavesNoStretchOfTimeEmpty() {
    List<Point> points = thin(6, 21, i -> (double) i);
    assertThat(points).hasSizeBetween(4, 6);
    for (int i = 1; i < points.size(); i++) {
      Duration gap = Duration.between(points.get(i - 1).time(), points.get(i).time());
      assertThat(gap).as("between %s", points).isLessThan(Duration.ofMillis(6_000));
    }
  }

  @Test
  void add_values_withoutAnOrder_keepsFirstAndLastOfAStretch() {
    List<Point> points = thin(2, 50, i -> "state-" + i);
    assertThat(points).extracting(Point::value).containsExactly("state-0", "state-49");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void add_anything_keepsPeaksOrderAndLimit(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int limit = 2 + random.nextInt(40);
    int count = 1 + random.nextInt(3_000);
    double[] values = random.doubles(count).toArray();
    List<Point> points = thin(limit, count, i -> values[i]);
    assertThat(points).as("limit").hasSizeLessThanOrEqualTo(limit);
    assertThat(points).as("order").isSortedAccordingTo((a, b) -> a.time().compareTo(b.time()));
    assertThat(points)
        .as("peaks")
        .extracting(point -> (Double) point.value())
        .contains(Arrays.stream(values).min().orElseThrow())
        .contains(Arrays.stream(values).max().orElseThrow());
  }

  static LongStream seeds() {
    Long only = Long.getLong("seed");
    return only == null ? LongStream.range(0, 50) : LongStream.of(only);
  }
}
