/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.Locale;

/** Which devices of a manufacturer are let in. */
public enum Admission {
  /** Every genuine one. */
  AUTO,
  /** Those whose serial number was announced in a manifest. */
  REGISTERED,
  /** Those that an operator approves. */
  MANUAL;

  /** Lower case, as in JSON and in the database. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException if there is no such rule */
  public static Admission of(String label) {
    for (Admission admission : values()) {
      if (admission.label().equals(label)) {
        return admission;
      }
    }
    throw new IllegalArgumentException(
        "admission: " + Quoted.of(label) + " (expected: auto, registered or manual)");
  }
}
