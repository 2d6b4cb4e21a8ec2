/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;

/** What an operator has said of the next new key of a device, whichever it is. */
public enum NextKey {
  /** Nothing: it is judged as those of all devices are. */
  JUDGED("judged"),
  /** It is let in without asking: the device was released, or handed on so. */
  LET_IN("let-in"),
  /** It waits for an approval: the device was handed on so, or refused. */
  WAITS("waits");

  private final String label;

  NextKey(String label) {
    this.label = label;
  }

  /** As in the database. */
  public String label() {
    return label;
  }

  /** @throws IllegalArgumentException if there is none of this label */
  public static NextKey of(String label) {
    for (NextKey next : values()) {
      if (next.label.equals(label)) {
        return next;
      }
    }
    throw new IllegalArgumentException(
        "next key: " + Quoted.of(label) + " (expected: judged, let-in or waits)");
  }
}
