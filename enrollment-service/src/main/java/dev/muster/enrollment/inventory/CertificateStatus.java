/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

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

  static CertificateStatus of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
