/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** What a certificate or a CRL must have in common with the CA that signs it. */
final class IssuerFacts {
  final Instant notBefore;
  final Instant notAfter;
  final SubjectPublicKeyInfo key;
  private final byte[] name;
  private final byte[] keyIdentifier;

  IssuerFacts(X509Certificate issuer) {
    notBefore = issuer.getNotBefore().toInstant();
    notAfter = issuer.getNotAfter().toInstant();
    key = SubjectPublicKeyInfo.getInstance(issuer.getPublicKey().getEncoded());
    name = issuer.getSubjectX500Principal().getEncoded();
    byte[] extension = issuer.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    if (extension == null) {
      throw new IllegalArgumentException("issuer: no subjectKeyIdentifier (RFC 5280, 4.2.1.2)");
    }
    keyIdentifier = SubjectKeyIdentifier.getInstance(
            ASN1OctetString.getInstance(extension).getOctets())
        .getKeyIdentifier();
  }

  boolean isNamed(byte[] encodedName) {
    return Arrays.equals(name, encodedName);
  }

  boolean hasKeyIdentifier(byte[] identifier) {
    return Arrays.equals(keyIdentifier, identifier);
  }
}
