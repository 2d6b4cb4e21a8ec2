/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.Locale;

/** Whether a device is connected to the broker. */
public enum Connected {
  /** It is. */
  ONLINE,
  /** It was. */
  OFFLINE,
  /** It never was. */
  NEVER;

  /** Lower case, as in JSON. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException if there is nothing of that name */
  public static Connected of(String label) {
    for (Connected connected : values()) {
      if (connected.label().equals(label)) {
        return connected;
      }
    }
    throw new IllegalArgumentException(
        "is: " + Quoted.of(label) + " (expected: online, offline or never)");
  }
}
