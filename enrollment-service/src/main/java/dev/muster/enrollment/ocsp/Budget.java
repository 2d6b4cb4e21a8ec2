/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import java.time.Duration;
import java.time.Instant;

/**
 * So many a second and no more, whoever asks; a second's worth may come at once.
 *
 * <p>Thread-safe.
 */
final class Budget {
  private final int perSecond;
  private double left;
  private Instant at;

  Budget(int perSecond, Instant now) {
    this.perSecond = perSecond;
    this.left = perSecond;
    this.at = now;
  }

  /** Whether there is one left; takes it. */
  synchronized boolean take(Instant now) {
    double seconds = Math.max(0, Duration.between(at, now).toNanos() / 1e9);
    left = Math.min(perSecond, left + seconds * perSecond);
    at = now;
    if (left < 1) {
      return false;
    }
    left--;
    return true;
  }
}
