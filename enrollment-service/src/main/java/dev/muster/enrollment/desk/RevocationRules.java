/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.TrustAnchors.Anchor;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.CrlMode;
import dev.muster.protocol.identity.Quoted;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks the manufacturer's CRLs, where there are any, after each certificate of a path (RFC 5280,
 * 6.3).
 */
final class RevocationRules {
  private RevocationRules() {}

  /**
   * One certificate of a path.
   *
   * @param whose it is, for the sender
   * @param issuer if it came along and is no anchor; null for the one that the anchor has issued
   * @param source the issuer as it is registered, if its CRL is to be had
   */
  private record Link(
      X509Certificate certificate,
      String whose,
      @Nullable X509Certificate issuer,
      @Nullable Anchor source) {
    Optional<Instant> revoked() {
      ManufacturerCrl crl = source == null ? null : source.crl();
      return crl == null ? Optional.empty() : crl.revoked(certificate);
    }

    /** Which CRL would be needed to rule a revocation out; empty if it is there. */
    Optional<String> wanting(Instant now) {
      if (source == null) {
        // For an anchor's own certificates, whoever registered it has decided that there is none.
        return Optional.ofNullable(issuer)
            .map(ca -> "a CRL of " + Quoted.of(ca.getSubjectX500Principal().getName())
                + ", which is not registered here");
      }
      ManufacturerCrl crl = source.crl();
      return crl == null || crl.isStale(now)
          ? Optional.of("a CRL of its manufacturer that is of today")
          : Optional.empty();
    }
  }

  /**
   * If one CA above a device has a CRL here, {@link CrlMode#CLOSED} demands that those between it
   * and the device have one, too.
   *
   * @param whose the path is: {@code IDevID}
   * @return what is wrong, for the sender; empty if nothing is
   */
  static Optional<String> violation(
      String whose, List<X509Certificate> path, Anchor anchor, TrustAnchors anchors, Instant now) {
    List<Link> links = links(whose, path, anchor, anchors);
    for (Link link : links) {
      Optional<Instant> revoked = link.revoked();
      if (revoked.isPresent()) {
        return Optional.of(link.whose + ": revoked by its manufacturer at " + revoked.get());
      }
    }
    boolean open = anchor.manufacturer().policy().crlMode() == CrlMode.OPEN;
    if (open || links.stream().allMatch(link -> link.source == null)) {
      return Optional.empty();
    }
    return links.stream()
        .flatMap(
            link -> link
                .wanting(now)
                .map(crl -> link.whose + ": may be revoked (expected: " + crl + ")")
                .stream())
        .findFirst();
  }

  private static List<Link> links(
      String whose, List<X509Certificate> path, Anchor anchor, TrustAnchors anchors) {
    List<Link> links = new ArrayList<>(path.size());
    for (int i = 0; i < path.size(); i++) {
      @Nullable X509Certificate above = i + 1 < path.size() ? path.get(i + 1) : null;
      X509Certificate issuer = above == null ? anchor.certificate() : above;
      links.add(new Link(
          path.get(i),
          (i == 0 ? "" : "a CA above the ") + whose,
          above,
          source(path.get(i), issuer.getPublicKey(), anchors)));
    }
    return links;
  }

  private static @Nullable Anchor source(
      X509Certificate certificate, PublicKey issuer, TrustAnchors anchors) {
    return anchors.issuersOf(certificate).stream()
        .filter(one -> one.certificate().getPublicKey().equals(issuer))
        .filter(one -> one.crl() != null || one.ca().crlUrl() != null)
        .findFirst()
        .orElse(null);
  }
}
