/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A certificate as the registry keeps it: what decisions need is at hand, and the rest is read from
 * its encoding when somebody asks, which costs more than finding the row.
 *
 * <p>Thread-safe. Equal to another of the same encoding.
 */
public final class StoredCertificate {
  private final String serial;
  private final Fingerprint key;
  private final Instant notAfter;
  private final byte[] der;
  private volatile @Nullable X509Certificate parsed;

  StoredCertificate(String serial, Fingerprint key, Instant notAfter, byte[] der) {
    this.serial = serial;
    this.key = key;
    this.notAfter = notAfter;
    this.der = der;
  }

  /** One that is at hand. */
  public static StoredCertificate of(X509Certificate certificate) {
    StoredCertificate stored = new StoredCertificate(
        certificate.getSerialNumber().toString(16),
        Fingerprint.of(certificate.getPublicKey()),
        certificate.getNotAfter().toInstant(),
        Columns.encoded(certificate));
    stored.parsed = certificate;
    return stored;
  }

  /** As lower-case hexadecimal digits. */
  String serial() {
    return serial;
  }

  /** Whether it is that very certificate. */
  boolean is(X509Certificate certificate) {
    return Arrays.equals(der, Columns.encoded(certificate));
  }

  /** SHA-256 of its public key. */
  Fingerprint key() {
    return key;
  }

  Instant notAfter() {
    return notAfter;
  }

  /** Its encoding; not to be changed. */
  byte[] der() {
    return der;
  }

  X509Certificate certificate() {
    X509Certificate known = parsed;
    if (known == null) {
      known = Columns.certificate(der);
      parsed = known;
    }
    return known;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StoredCertificate stored && Arrays.equals(stored.der, der);
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
