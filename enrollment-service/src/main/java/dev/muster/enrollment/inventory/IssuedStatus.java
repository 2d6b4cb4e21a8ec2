/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.RevocationReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How things stand with a certificate, without the certificate.
 *
 * @param issuer id of the issuing CA
 * @param reason null while active; so is {@code revokedAt}
 */
public record IssuedStatus(
    String issuer,
    CertificateStatus status,
    @Nullable RevocationReason reason,
    @Nullable Instant revokedAt) {

  /** Revoked, or on hold. */
  public boolean isTakenBack() {
    return reason != null && revokedAt != null;
  }
}
