/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Tier;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TierChoiceTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    // age of the range, its length, points: tier
    "PT0S, PT1H, 1000, raw",
    "PT0S, PT24H, 1000, 1m",
    "PT0S, PT24H, 100, 1m",
    "PT0S, PT24H, 60, 1h",
    "PT0S, P7D, 1000, 1m",
    "PT0S, P28D, 1000, 1h",
    "PT0S, P28D, 60, 1d",
    "PT0S, P365D, 1000, 1d",
    "PT0S, P365D, 2000, 1h",
    // What is older than a tier keeps comes from a coarser one.
    "P40D, PT1H, 1000, 1m",
    "P100D, PT1H, 1000, 1h",
    "P800D, PT1H, 1000, 1d",
    "P9999D, PT1H, 1000, 1d"
  })
  void choose_isTheCoarsestThatFillsThePicture(
      Duration age, Duration length, int points, String tier) {
    Instant to = NOW.minus(age);
    TierChoice choice = new TierChoice(Retention.DEFAULT, NOW);
    assertThat(choice.choose(to.minus(length), to, points).map(Tier::label).orElse("raw"))
        .isEqualTo(tier);
  }
}
