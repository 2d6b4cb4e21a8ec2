/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.TrustAnchors.Anchor;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.CrlMode;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Asks the manufacturer's CRLs, where there are any, after each certificate of a path. */
final class RevocationRules {
  private RevocationRules() {}

  /**
   * @param whose the path is: {@code IDevID}
   * @return what is wrong, for the sender; empty if nothing is
   */
  static Optional<String> violation(
      String whose, List<X509Certificate> path, Anchor anchor, TrustAnchors anchors, Instant now) {
    CrlMode mode = anchor.manufacturer().policy().crlMode();
    for (int i = 0; i < path.size(); i++) {
      X509Certificate certificate = path.get(i);
      X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : anchor.certificate();
      Optional<String> violation = source(certificate, issuer.getPublicKey(), anchors)
          .flatMap(source -> violation(certificate, source.crl(), mode, now));
      if (violation.isPresent()) {
        return violation.map(((i == 0 ? "" : "a CA above the ") + whose + ": ")::concat);
      }
    }
    return Optional.empty();
  }

  /** The issuer as it is registered, if its CRL is to be had. */
  private static Optional<Anchor> source(
      X509Certificate certificate, PublicKey issuer, TrustAnchors anchors) {
    return anchors.issuersOf(certificate).stream()
        .filter(one -> one.certificate().getPublicKey().equals(issuer))
        .filter(one -> one.crl() != null || one.ca().crlUrl() != null)
        .findFirst();
  }

  private static Optional<String> violation(
      X509Certificate certificate, @Nullable ManufacturerCrl crl, CrlMode mode, Instant now) {
    Optional<Instant> revoked = crl == null ? Optional.empty() : crl.revoked(certificate);
    if (revoked.isPresent()) {
      return Optional.of("revoked by its manufacturer at " + revoked.get());
    }
    boolean unknown = crl == null || crl.isStale(now);
    return unknown && mode == CrlMode.CLOSED
        ? Optional.of("may be revoked (expected: a CRL of its manufacturer that is of today)")
        : Optional.empty();
  }
}
