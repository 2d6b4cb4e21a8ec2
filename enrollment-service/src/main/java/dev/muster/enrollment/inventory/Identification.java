/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.Locale;

/** How a device proved at its first enrollment who it is. */
public enum Identification {
  /** With the identity its factory gave it. */
  IDEVID,
  /** With a claim token made for it; nobody but who made the token vouches for it. */
  CLAIM,
  /** With both. */
  BOTH;

  /** Lower case, as in JSON and in the database. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Identification of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
