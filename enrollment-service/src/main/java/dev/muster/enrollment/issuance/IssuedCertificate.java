/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A certificate of one of our CAs: what decisions need is at hand, and the rest is read from its
 * encoding when somebody asks, which costs more than signing it, or than finding its row.
 *
 * <p>Thread-safe. Equal to another of the same encoding.
 */
public final class IssuedCertificate {
  private final String serial;
  private final Fingerprint key;
  private final Instant notAfter;
  private final byte[] der;
  private volatile @Nullable X509Certificate read;

  /**
   * @param serial as lower-case hexadecimal digits
   * @param der its encoding; not to be changed
   */
  public IssuedCertificate(String serial, Fingerprint key, Instant notAfter, byte[] der) {
    this.serial = serial;
    this.key = key;
    this.notAfter = notAfter;
    this.der = der;
  }

  /** One that is at hand. */
  public static IssuedCertificate of(X509Certificate certificate) {
    IssuedCertificate issued = new IssuedCertificate(
        certificate.getSerialNumber().toString(16),
        Fingerprint.of(certificate.getPublicKey()),
        certificate.getNotAfter().toInstant(),
        encoded(certificate));
    issued.read = certificate;
    return issued;
  }

  /** As lower-case hexadecimal digits. */
  public String serial() {
    return serial;
  }

  /** SHA-256 of its public key. */
  public Fingerprint key() {
    return key;
  }

  public Instant notAfter() {
    return notAfter;
  }

  /** Its encoding; not to be changed. */
  public byte[] der() {
    return der;
  }

  /** Whether it is that very certificate, which then need not be read a second time. */
  public boolean is(X509Certificate certificate) {
    boolean same = Arrays.equals(der, encoded(certificate));
    if (same) {
      read = certificate;
    }
    return same;
  }

  /** Read from its encoding at the first call. */
  public X509Certificate certificate() {
    X509Certificate known = read;
    if (known == null) {
      known = read(der);
      read = known;
    }
    return known;
  }

  private static X509Certificate read(byte[] der) {
    try {
      return (X509Certificate) CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("no certificate, though we issued it", e);
    }
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("certificate without an encoding", e);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IssuedCertificate issued && Arrays.equals(issued.der, der);
  }

  @Override
  public int hashCode() {
    return serial.hashCode();
  }

  @Override
  public String toString() {
    return serial;
  }
}
