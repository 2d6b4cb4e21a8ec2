/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.util.regex.Pattern;

/**
 * What tells one message of a stream from another, so that a redelivery is stored once. Carried as
 * MQTT 5 user properties; over CoAP, in the query of a request.
 *
 * @param boot names one start of the device's program, 1 to 32 of {@code [A-Za-z0-9-]}
 * @param sequence counts the messages of that start over all streams, from 1
 */
public record MessageIdentity(String boot, long sequence) {
  /** The user property that carries {@link #boot}. */
  public static final String BOOT_PROPERTY = "muster-boot";
  /** The user property that carries {@link #sequence}. */
  public static final String SEQUENCE_PROPERTY = "muster-seq";

  private static final int MAX_BOOT_LENGTH = 32;
  private static final Pattern SEQUENCE = Pattern.compile("[1-9][0-9]{0,17}");

  /** @throws IllegalArgumentException if either part does not keep to its form */
  public MessageIdentity {
    requireNonNull(boot, "boot");
    if (!isBoot(boot)) {
      throw new IllegalArgumentException(
          BOOT_PROPERTY + ": " + Quoted.of(boot) + " (expected: 1 to 32 of [A-Za-z0-9-])");
    }
    if (sequence < 1) {
      throw new IllegalArgumentException(
          SEQUENCE_PROPERTY + ": " + sequence + " (expected: 1 or more)");
    }
  }

  /** For each message, so without a regular expression. */
  private static boolean isBoot(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean fits =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      if (!fits) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MAX_BOOT_LENGTH;
  }

  /**
   * Reads the two properties. @throws IllegalArgumentException if either does not keep to its form
   */
  public static MessageIdentity parse(String boot, String sequence) {
    if (!SEQUENCE.matcher(sequence).matches()) {
      throw new IllegalArgumentException(
          SEQUENCE_PROPERTY + ": " + Quoted.of(sequence) + " (expected: a decimal number from 1)");
    }
    return new MessageIdentity(boot, Long.parseLong(sequence));
  }
}
