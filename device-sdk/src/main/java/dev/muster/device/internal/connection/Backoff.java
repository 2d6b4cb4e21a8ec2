/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: anything from nothing to a limit that doubles each time
 * ("full jitter"), so that a fleet which lost its broker in one moment does not come back in one.
 */
final class Backoff {
  private static final int MAX_DOUBLINGS = 30;

  private final Duration base;
  private final Duration cap;
  private final RandomGenerator random;
  private int attempts;

  Backoff(Duration base, Duration cap, RandomGenerator random) {
    this.base = base;
    this.cap = cap;
    this.random = random;
  }

  Duration next() {
    long limit = Math.min(cap.toNanos(), saturatedDoubling());
    attempts = Math.min(attempts + 1, MAX_DOUBLINGS);
    return Duration.ofNanos((long) (random.nextDouble() * limit));
  }

  void reset() {
    attempts = 0;
  }

  private long saturatedDoubling() {
    long nanos = base.toNanos();
    return nanos > (Long.MAX_VALUE >> attempts) ? Long.MAX_VALUE : nanos << attempts;
  }
}
