/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * The name of a fleet: the devices of one owner.
 *
 * @param value 1 to 32 of {@code [a-z0-9-]}
 */
public record FleetName(String value) {
  private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9-]{1,32}");

  /** @throws IllegalArgumentException if {@code value} does not keep to the grammar */
  public FleetName {
    requireNonNull(value, "value");
    if (!isValid(value)) {
      throw new IllegalArgumentException(
          "fleet: " + Quoted.of(value) + " (expected: 1 to 32 of [a-z0-9-])");
    }
  }

  /** Whether {@code value} would make a fleet name. */
  public static boolean isValid(String value) {
    return GRAMMAR.matcher(value).matches();
  }

  @Override
  public String toString() {
    return value;
  }
}
