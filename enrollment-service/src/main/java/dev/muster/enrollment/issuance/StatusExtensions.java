/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.net.URI;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;

/**
 * What a certificate says about its status, and what a partitioned CRL says about the certificates
 * that it is about: one encoding for both, because they are compared byte by byte.
 */
final class StatusExtensions {
  private StatusExtensions() {}

  static CRLDistPoint distributionPoints(URI crl) {
    return new CRLDistPoint(new DistributionPoint[] {new DistributionPoint(name(crl), null, null)});
  }

  static AuthorityInformationAccess access(StatusUrls urls) {
    return new AuthorityInformationAccess(new AccessDescription[] {
      new AccessDescription(AccessDescription.id_ad_ocsp, location(urls.ocsp())),
      new AccessDescription(AccessDescription.id_ad_caIssuers, location(urls.caIssuers()))
    });
  }

  static IssuingDistributionPoint issuingDistributionPoint(URI url) {
    return new IssuingDistributionPoint(name(url), false, false);
  }

  private static DistributionPointName name(URI url) {
    return new DistributionPointName(new GeneralNames(location(url)));
  }

  private static GeneralName location(URI url) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, url.toString());
  }
}
