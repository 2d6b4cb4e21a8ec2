/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static dev.muster.enrollment.issuance.lint.CommonRules.faultUnless;

import java.net.URI;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.X509ObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/**
 * Where a relying party looks things up: plain HTTP, for over TLS it would have to check a
 * certificate first to check a certificate (RFC 5280, 8).
 */
final class Locations {
  private static final Set<ASN1ObjectIdentifier> METHODS =
      Set.of(X509ObjectIdentifiers.id_ad_ocsp, X509ObjectIdentifiers.id_ad_caIssuers);

  private Locations() {}

  static Optional<String> crlFault(Draft draft) {
    return draft
        .extensions
        .find(Extension.cRLDistributionPoints)
        .flatMap(entry -> crlFault(CRLDistPoint.getInstance(entry.value())));
  }

  private static Optional<String> crlFault(CRLDistPoint points) {
    if (points.getDistributionPoints().length == 0) {
      return Optional.of("empty (expected: at least one place)");
    }
    for (DistributionPoint point : points.getDistributionPoints()) {
      if (point.getReasons() != null || point.getCRLIssuer() != null) {
        return Optional.of("reasons or cRLIssuer (expected: a place alone)");
      }
      Optional<String> fault = fullNameFault(point.getDistributionPoint());
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  static Optional<String> fullNameFault(@Nullable DistributionPointName name) {
    if (name == null || name.getType() != DistributionPointName.FULL_NAME) {
      return Optional.of("no fullName (expected: one)");
    }
    GeneralName[] names = GeneralNames.getInstance(name.getName()).getNames();
    return faultUnless(
        names.length == 1 && isHttp(names[0]), "a place (expected: one absolute http URL)");
  }

  static Optional<String> accessFault(Draft draft) {
    return draft
        .extensions
        .find(Extension.authorityInfoAccess)
        .flatMap(entry -> accessFault(AuthorityInformationAccess.getInstance(entry.value())));
  }

  private static Optional<String> accessFault(AuthorityInformationAccess access) {
    for (AccessDescription description : access.getAccessDescriptions()) {
      if (!METHODS.contains(description.getAccessMethod())
          || !isHttp(description.getAccessLocation())) {
        return Optional.of(
            description.getAccessMethod() + " (expected: ocsp or caIssuers, at an http URL)");
      }
    }
    return Optional.empty();
  }

  private static boolean isHttp(GeneralName name) {
    if (name.getTagNo() != GeneralName.uniformResourceIdentifier) {
      return false;
    }
    URI uri = URI.create(Names.text(name.getName()));
    return "http".equals(uri.getScheme()) && uri.getHost() != null;
  }
}
