/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static dev.muster.enrollment.issuance.lint.CommonRules.faultUnless;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;

/** What holds for CAs. */
final class CaRules {
  static final List<Rule<Draft>> RULES = List.of(
      new Rule<>("subject-names", "RFC 5280, 4.1.2.6", CaRules::names),
      new Rule<>("key-usage", "RFC 5280, 4.2.1.3", CaRules::keyUsage),
      new Rule<>("basic-constraints", "RFC 5280, 4.2.1.9", CaRules::basicConstraints));

  private CaRules() {}

  private static Optional<String> names(Draft draft) {
    return faultUnless(draft.subjectValues(BCStyle.CN).size() == 1, "CN (expected: one)");
  }

  private static Optional<String> keyUsage(Draft draft) {
    return LeafRules.keyUsageFault(
        draft,
        new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign),
        "keyCertSign and cRLSign alone");
  }

  private static Optional<String> basicConstraints(Draft draft) {
    Optional<BasicConstraints> constraints = draft
        .extensions
        .find(Extension.basicConstraints)
        .filter(ExtensionList.Entry::critical)
        .map(entry -> BasicConstraints.getInstance(entry.value()));
    if (constraints.isEmpty() || !constraints.get().isCA()) {
      return Optional.of("absent, not critical, or no CA (expected: cA TRUE, critical)");
    }
    boolean issuing = draft.kind == CertificateKind.ISSUING_CA;
    return faultUnless(
        !issuing || BigInteger.ZERO.equals(constraints.get().getPathLenConstraint()),
        "path length (expected: 0, for a CA that issues to end entities alone)");
  }
}
