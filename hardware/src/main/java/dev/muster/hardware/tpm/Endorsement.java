/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
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
  /** Of TCG's EK Credential Profile: tcg-kp-EKCertificate. */
  private static final String OF_ENDORSEMENT_KEYS = "2.23.133.8.1";

  private static final int KEY_ENCIPHERMENT = 2;
  private static final int LEAST_BITS = 2048;

  private final X509Certificate certificate;

  private Endorsement(X509Certificate certificate) {
    this.certificate = certificate;
  }

  /**
   * Of a certificate as the TPM keeps it: DER, and perhaps filling after it.
   *
   * @throws IllegalArgumentException if none of {@code makers} vouches for it, or it is for
   *     something else than an endorsement key
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
    requireProfile(certificate);
    return new Endorsement(certificate);
  }

  /**
   * Its maker's CA may certify other things than TPMs (TCG EK Credential Profile 2.5, 3.2). Whether
   * it has taken the certificate back is not asked.
   */
  private static void requireProfile(X509Certificate certificate) {
    boolean[] usage = certificate.getKeyUsage();
    boolean deciphers = usage != null && usage[KEY_ENCIPHERMENT];
    if (!deciphers || certificate.getBasicConstraints() >= 0 || !isOfEndorsementKeys(certificate)) {
      throw new IllegalArgumentException(
          "the TPM's endorsement certificate is for something else (expected: keyEncipherment, no"
              + " CA, and no extended usage but " + OF_ENDORSEMENT_KEYS + ")");
    }
    requireStrong(certificate.getPublicKey());
  }

  private static void requireStrong(PublicKey key) {
    int bits = key instanceof RSAPublicKey rsa ? rsa.getModulus().bitLength() : 0;
    if (bits < LEAST_BITS) {
      throw new IllegalArgumentException("the TPM's endorsement key: " + key.getAlgorithm()
          + (bits == 0 ? "" : " of " + bits + " bits") + " (expected: RSA of " + LEAST_BITS
          + " or more)");
    }
  }

  private static boolean isOfEndorsementKeys(X509Certificate certificate) {
    try {
      List<String> usages = certificate.getExtendedKeyUsage();
      return usages == null || usages.contains(OF_ENDORSEMENT_KEYS);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** @param publicArea of the key that has to be in the TPM */
  CredentialChallenge challenge(byte[] publicArea) {
    return CredentialChallenge.make((RSAPublicKey) certificate.getPublicKey(), publicArea);
  }
}
