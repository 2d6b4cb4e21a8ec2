/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.retention;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.rollup.Tier;
import java.time.Duration;
import java.time.Instant;

/**
 * How long telemetry is kept.
 *
 * @param raw messages and their values, from when they were received: what a device sends late is
 *     not deleted at once
 * @param minutes rollups, from the time of the event, as the others
 */
public record Retention(Duration raw, Duration minutes, Duration hours, Duration days) {
  /** 30 days raw, 90 days of minutes, 2 years of hours, 10 years of days. */
  public static final Retention DEFAULT = new Retention(
      Duration.ofDays(30), Duration.ofDays(90), Duration.ofDays(730), Duration.ofDays(3_650));

  public Retention {
    check("raw", raw);
    check("1m", minutes);
    check("1h", hours);
    check("1d", days);
  }

  private static void check(String name, Duration duration) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException(
          "telemetry.retention." + name + ": " + duration + " (expected: more than nothing)");
    }
  }

  /** The oldest time of an event that a tier keeps, in microseconds since 1970. */
  public long oldestMicros(Tier tier, Instant now) {
    Duration kept = switch (tier) {
      case MINUTE -> minutes;
      case HOUR -> hours;
      case DAY -> days;
    };
    return Micros.of(now.minus(kept));
  }

  /** The oldest time of receipt that is kept of messages, in microseconds since 1970. */
  public long oldestRawMicros(Instant now) {
    return Micros.of(now.minus(raw));
  }
}
