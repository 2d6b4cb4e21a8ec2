/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Judges CRLs that one CA is about to sign (RFC 5280, 5), as {@link CertificateLint} does
 * certificates.
 *
 * <p>Thread-safe; costs about a microsecond for each entry.
 */
public final class CrlLint {
  private final IssuerFacts issuer;

  /** @param issuer the CA's certificate, which has a subjectKeyIdentifier */
  public CrlLint(X509Certificate issuer) {
    this.issuer = new IssuerFacts(issuer);
  }

  /**
   * @param der a whole CRL; its signature is not looked at
   * @return what is wrong; empty if it may be signed
   */
  public List<Finding> check(byte[] der) {
    CrlDraft draft;
    try {
      draft = CrlDraft.read(der, issuer);
    } catch (IOException | RuntimeException e) {
      return List.of(new Finding("structure", "RFC 5280, 5.1", "no CRL: " + e.getMessage()));
    }
    return CrlRules.RULES.stream()
        .map(rule -> rule.apply(draft))
        .flatMap(Optional::stream)
        .toList();
  }
}
