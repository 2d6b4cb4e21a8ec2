/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * One issuing CA: {@link LocalIssuer}, or an adapter to a CA elsewhere. Whatever it is, what a
 * certificate says is our decision, and serial number, dates and signature are the CA's.
 *
 * <p>Thread-safe. May block, for as long as a CA elsewhere takes; never call it on an event loop.
 */
public interface CertificateIssuer {
  /**
   * Its name among our CAs, in the registry, in URLs and in topics: {@code device} or
   * {@code service}, and {@code device-2} and so on for those that came after.
   */
  String id();

  /** The CA's certificate. */
  X509Certificate certificate();

  /**
   * Signs a certificate. What it says is the caller's decision, whatever the request says; serial
   * number and dates are made here.
   *
   * @throws IssuanceException if the CA's own certificate is not valid at {@code now}, if its key
   *     cannot be used, or if it would certify something else
   */
  IssuedCertificate issue(CertificateProfile profile, SubjectKey key, Instant now);

  /** As the other, for a key that was made here. */
  default IssuedCertificate issue(CertificateProfile profile, PublicKey key, Instant now) {
    return issue(profile, new SubjectKey(key, null), now);
  }

  /**
   * Signs a CRL (RFC 5280, 5).
   *
   * @return its DER
   * @throws IssuanceException if the key cannot be used
   */
  byte[] sign(CrlContents contents);
}
