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
 */
public record IntakeLimits(Duration futureTolerance, int deadLetters, long deadLetterBytes) {
  /** 5 minutes, 1,000 messages, 4 MiB. */
  public static final IntakeLimits DEFAULT =
      new IntakeLimits(Duration.ofMinutes(5), 1_000, 4 * 1024 * 1024);

  public IntakeLimits {
    requireNonNull(futureTolerance, "futureTolerance");
    if (futureTolerance.isNegative() || deadLetters < 1 || deadLetterBytes < 1) {
      throw new IllegalArgumentException("futureTolerance, deadLetters, deadLetterBytes: "
          + futureTolerance + ", " + deadLetters + ", " + deadLetterBytes
          + " (expected: 0 or more, 1 or more, 1 or more)");
    }
  }
}
