/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What is taken from devices, and how much is kept aside of one.
 *
 * @param futureTolerance how far a message's time may lie ahead of ours
 * @param deadLetters how many messages of a device are kept aside; beyond, the oldest go
 * @param deadLetterBytes how many bytes of payload these may have
 * @param journalBytes how much may be acknowledged that the database has not taken yet; never less
 *     than what it takes in about two seconds
 */
public record IntakeLimits(
    Duration futureTolerance, int deadLetters, long deadLetterBytes, long journalBytes) {
  /** 5 minutes, 1,000 messages, 4 MiB; what the database takes in about two seconds. */
  public static final IntakeLimits DEFAULT =
      new IntakeLimits(Duration.ofMinutes(5), 1_000, 4 * 1024 * 1024, 0);

  public IntakeLimits {
    requireNonNull(futureTolerance, "futureTolerance");
    if (futureTolerance.isNegative()
        || deadLetters < 1
        || deadLetterBytes < 1
        || journalBytes < 0) {
      throw new IllegalArgumentException(
          "futureTolerance, deadLetters, deadLetterBytes, journalBytes: " + futureTolerance + ", "
              + deadLetters + ", " + deadLetterBytes + ", " + journalBytes
              + " (expected: 0 or more, 1 or more, 1 or more, 0 or more)");
    }
  }
}
