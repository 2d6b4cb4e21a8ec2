/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that tests put forward. Thread-safe for one who does. */
public final class MovableClock extends Clock {
  private final Clock base;
  private volatile Duration ahead = Duration.ZERO;

  private MovableClock(Clock base) {
    this.base = base;
  }

  /** One that stands still until it is moved. */
  public static MovableClock at(Instant start) {
    return new MovableClock(Clock.fixed(start, ZoneOffset.UTC));
  }

  /** One that goes, and starts now. */
  public static MovableClock running() {
    return new MovableClock(Clock.systemUTC());
  }

  public void advance(Duration by) {
    ahead = ahead.plus(by);
  }

  @Override
  public Instant instant() {
    return base.instant().plus(ahead);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
