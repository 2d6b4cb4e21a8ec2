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
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/**
 * What a certificate says about its status, and what a partitioned CRL says about the certificates
 * that it is about: one encoding for both, because they are compared byte by byte.
 */
final class StatusExtensions {
  private StatusExtensions() {}

  static void add(X509v3CertificateBuilder builder, StatusUrls urls) throws CertIOException {
    DistributionPoint point = new DistributionPoint(name(urls.crl()), null, null);
    builder.addExtension(
        Extension.cRLDistributionPoints, false, new CRLDistPoint(new DistributionPoint[] {point}));
    builder.addExtension(
        Extension.authorityInfoAccess,
        false,
        new AuthorityInformationAccess(new AccessDescription[] {
          new AccessDescription(AccessDescription.id_ad_ocsp, location(urls.ocsp())),
          new AccessDescription(AccessDescription.id_ad_caIssuers, location(urls.caIssuers()))
        }));
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
