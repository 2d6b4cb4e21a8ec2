/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Makes UUIDs of version 7 (RFC 9562, 5.7), each greater as text than the one before: so the ids
 * are in the order of the commands. Thread-safe.
 */
final class CommandIds {
  private static final Pattern ID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  private static final int COUNTER_BITS = 12;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  /** Milliseconds, and below them a counter: RFC 9562, 6.2, method 1. */
  private long last;

  CommandIds(Clock clock) {
    this.clock = clock;
  }

  String next() {
    long ticks = tick();
    long high = ticks >> COUNTER_BITS << 16 | 0x7000 | ticks & 0xfff;
    long low = random.nextLong() >>> 2 | VARIANT;
    return new UUID(high, low).toString();
  }

  private synchronized long tick() {
    // Also if the clock is put back: then the counter runs on into the next milliseconds.
    last = Math.max(last + 1, clock.millis() << COUNTER_BITS);
    return last;
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }
}
