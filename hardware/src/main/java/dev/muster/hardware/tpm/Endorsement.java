/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The certificate with which a TPM left its maker: it names the endorsement key, which can read but
 * not sign, and by which the TPM shows that another key is in it.
 */
final class Endorsement {
  private final X509Certificate certificate;

  private Endorsement(X509Certificate certificate) {
    this.certificate = certificate;
  }

  /**
   * Of a certificate as the TPM keeps it: DER, and perhaps filling after it.
   *
   * @throws IllegalArgumentException if none of {@code makers} vouches for it
   */
  static Endorsement verify(byte[] stored, List<X509Certificate> makers, Instant now) {
    X509Certificate certificate;
    try {
      certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(stored));
    } catch (CertificateException e) {
      throw new IllegalArgumentException("the TPM's endorsement certificate cannot be read", e);
    }
    try {
      PKIXParameters parameters = new PKIXParameters(
          makers.stream().map(maker -> new TrustAnchor(maker, null)).collect(Collectors.toSet()));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)),
              parameters);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the TPM is of none of these makers: its endorsement certificate is of "
              + certificate.getIssuerX500Principal() + " (" + e.getMessage() + ")",
          e);
    }
    return new Endorsement(certificate);
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** @param publicArea of the key that has to be in the TPM */
  CredentialChallenge challenge(byte[] publicArea) {
    if (!(certificate.getPublicKey() instanceof RSAPublicKey key)) {
      throw new IllegalArgumentException("the TPM's endorsement key is of "
          + certificate.getPublicKey().getAlgorithm() + " (expected: RSA)");
    }
    return CredentialChallenge.make(key, publicArea);
  }
}
