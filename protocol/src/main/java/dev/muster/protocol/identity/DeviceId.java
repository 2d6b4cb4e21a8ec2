/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * The name of a device, unique over all fleets of an installation.
 *
 * <p>Lower case only, so that no two devices differ by case, white space or encoding alone; and
 * without any character that means something to MQTT, to a distinguished name, to a URL or to a
 * file system.
 *
 * @param value 1 to 63 of {@code [a-z0-9._-]}, starting with a letter or a digit
 */
public record DeviceId(String value) {
  private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

  /** @throws IllegalArgumentException if {@code value} does not keep to the grammar */
  public DeviceId {
    requireNonNull(value, "value");
    if (!isValid(value)) {
      throw new IllegalArgumentException("device id: " + Quoted.of(value)
          + " (expected: 1 to 63 of [a-z0-9._-], starting with a letter or digit)");
    }
  }

  /** Whether {@code value} would make a device id. */
  public static boolean isValid(String value) {
    return GRAMMAR.matcher(value).matches();
  }

  @Override
  public String toString() {
    return value;
  }
}
