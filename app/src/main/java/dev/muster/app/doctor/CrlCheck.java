/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Set;

/** What to think of a CRL. */
final class CrlCheck {
  private CrlCheck() {}

  static X509CRL parse(byte[] der) throws GeneralSecurityException {
    return (X509CRL)
        CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
  }

  static Finding judge(String check, X509CRL crl, X509Certificate ca, Instant now) {
    if (!isSignedBy(crl, ca)) {
      return Finding.bad(check, "not signed by the CA", "somebody else answers on this port");
    }
    Instant made = crl.getThisUpdate().toInstant();
    if (now.isBefore(made)) {
      return Finding.bad(check, "of the future, " + made, "set the clock of this machine");
    }
    Date next = crl.getNextUpdate();
    if (next == null) {
      return Finding.bad(check, "it does not say when the next one comes", "see health");
    }
    String seen = Duration.between(made, now).toMinutes() + " minutes old, " + entries(crl)
        + " entries, next by " + next.toInstant();
    return next.toInstant().isBefore(now)
        ? Finding.bad(check, seen, "it is stale, and brokers will turn everybody away: see health")
        : Finding.good(check, seen);
  }

  private static int entries(X509CRL crl) {
    Set<?> revoked = crl.getRevokedCertificates();
    return revoked == null ? 0 : revoked.size();
  }

  private static boolean isSignedBy(X509CRL crl, X509Certificate ca) {
    try {
      crl.verify(ca.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
