/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import dev.muster.protocol.identity.Quoted;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Why a certificate is taken back (RFC 5280, 5.3.1). Without removeFromCRL, which belongs on delta
 * CRLs alone.
 */
public enum RevocationReason {
  UNSPECIFIED("unspecified", 0),
  KEY_COMPROMISE("keyCompromise", 1),
  /** The key of its CA is in other hands: nothing is wrong with who had the certificate. */
  CA_COMPROMISE("cACompromise", 2),
  AFFILIATION_CHANGED("affiliationChanged", 3),
  SUPERSEDED("superseded", 4),
  CESSATION_OF_OPERATION("cessationOfOperation", 5),
  CERTIFICATE_HOLD("certificateHold", 6),
  PRIVILEGE_WITHDRAWN("privilegeWithdrawn", 9),
  AA_COMPROMISE("aACompromise", 10);

  private final String label;
  private final int code;

  RevocationReason(String label, int code) {
    this.label = label;
    this.code = code;
  }

  /** The name RFC 5280 gives it. */
  public String label() {
    return label;
  }

  /** The number RFC 5280 gives it. */
  public int code() {
    return code;
  }

  /** @throws IllegalArgumentException if there is no such reason */
  public static RevocationReason of(String label) {
    for (RevocationReason reason : values()) {
      if (reason.label.equals(label)) {
        return reason;
      }
    }
    throw new IllegalArgumentException("reason: " + Quoted.of(label) + " (expected: one of "
        + Arrays.stream(values()).map(RevocationReason::label).collect(Collectors.joining(", "))
        + ")");
  }
}
