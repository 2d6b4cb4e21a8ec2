/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.regex.Pattern;

/**
 * Devices that an operator handles together. There is such a group as long as a device is in it.
 *
 * @param value 1 to 32 of {@code [a-z0-9._-]}, starting with a letter or digit
 */
public record GroupName(String value) {
  private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");

  /** How many a device may be in. */
  public static final int MAX = 32;

  /** @throws IllegalArgumentException if {@code value} does not keep to the grammar */
  public GroupName {
    if (!GRAMMAR.matcher(value).matches()) {
      throw new IllegalArgumentException("group: " + Quoted.of(value)
          + " (expected: 1 to 32 of [a-z0-9._-], starting with a letter or digit)");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
