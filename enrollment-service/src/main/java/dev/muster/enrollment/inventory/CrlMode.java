/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.Locale;

/**
 * What happens when a manufacturer's CRL is wanted and there is none, or an old one. One is wanted
 * of each CA between a device and a CA that has one.
 */
public enum CrlMode {
  /** Nobody is let in on an IDevID whose revocation cannot be ruled out. */
  CLOSED,
  /** What the newest CRL does not say is taken for not revoked. */
  OPEN;

  /** Lower case, as in JSON and in the database. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException if there is no such mode */
  public static CrlMode of(String label) {
    for (CrlMode mode : values()) {
      if (mode.label().equals(label)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "crlMode: " + Quoted.of(label) + " (expected: closed or open)");
  }
}
