/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges certificates that one CA is about to sign: RFC 5280, what its updates say, and our own
 * profiles. It shares no code with what makes them, so that a fault must be made twice to get out.
 *
 * <p>Thread-safe; costs some ten microseconds, and neither signs nor verifies.
 */
public final class CertificateLint {
  private static final String STRUCTURE = "structure";

  private final IssuerFacts issuer;

  /** @param issuer the CA's certificate, which has a subjectKeyIdentifier */
  public CertificateLint(X509Certificate issuer) {
    this.issuer = new IssuerFacts(issuer);
  }

  /**
   * @param der a whole certificate; its signature is not looked at
   * @param longestValidity that its profile allows, from beginning to end
   * @return what is wrong; empty if it may be signed
   */
  public List<Finding> check(byte[] der, CertificateKind kind, Duration longestValidity) {
    Draft draft;
    try {
      draft = Draft.read(der, kind, longestValidity, issuer);
    } catch (IOException | RuntimeException e) {
      return List.of(new Finding(STRUCTURE, "RFC 5280, 4.1", "no certificate: " + e.getMessage()));
    }
    List<Finding> findings = new ArrayList<>(0);
    CommonRules.RULES.forEach(rule -> rule.apply(draft).ifPresent(findings::add));
    List<Rule<Draft>> own = kind.isCa() ? CaRules.RULES : LeafRules.RULES;
    own.forEach(rule -> rule.apply(draft).ifPresent(findings::add));
    return findings;
  }
}
