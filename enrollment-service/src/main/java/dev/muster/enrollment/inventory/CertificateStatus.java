/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.Locale;

/** Whether a certificate counts; that it may have ended by time is another matter. */
public enum CertificateStatus {
  ACTIVE,
  /** Suspended: on the CRL as certificateHold until released. */
  HELD,
  REVOKED;

  /** Lower case, as in JSON and in the database. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException if there is no such status */
  public static CertificateStatus of(String label) {
    for (CertificateStatus status : values()) {
      if (status.label().equals(label)) {
        return status;
      }
    }
    throw new IllegalArgumentException(
        "status: " + Quoted.of(label) + " (expected: active, held or revoked)");
  }
}
