/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;

/** What holds a certification path together (RFC 5280, 6.1): a name, and a signature. */
public final class CertificateLink {
  private CertificateLink() {}

  /**
   * Whether a certificate has another's subject for its issuer, and was signed with the other's
   * key. Neither its validity nor what its extensions allow is looked at. Any thread.
   */
  public static boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
