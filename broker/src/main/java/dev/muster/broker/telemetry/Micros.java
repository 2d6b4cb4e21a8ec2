/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times as the database has them: microseconds since 1970. */
public final class Micros {
  /** The first time that can be stored. */
  public static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");

  /** The last. */
  public static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private Micros() {}

  /** What lies beyond the first or the last time is taken for it. */
  public static long of(Instant time) {
    if (time.isBefore(EARLIEST)) {
      return of(EARLIEST);
    }
    if (time.isAfter(LATEST)) {
      return of(LATEST);
    }
    // ChronoUnit.MICROS.between counts nanoseconds, and has no place for those of the year 2263.
    return time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
  }

  public static Instant time(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
