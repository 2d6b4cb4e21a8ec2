/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.time.Instant;
import java.time.ZoneOffset;

/** What the time of day does to a place. */
final class DayCurve {
  private static final double SECONDS_PER_DAY = 86_400;

  private DayCurve() {}

  /** A cosine over the day, 1 at {@code peakHour} (UTC) and -1 twelve hours from it. */
  static double at(Instant time, double peakHour) {
    double day = time.atOffset(ZoneOffset.UTC).toLocalTime().toSecondOfDay() / SECONDS_PER_DAY;
    return Math.cos(2 * Math.PI * (day - peakHour / 24));
  }
}
