/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/**
 * The SHA-256 of a certificate, or of a public key (its SubjectPublicKeyInfo).
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Fingerprint(String hex) {
  private static final int LENGTH = 64;

  /** @throws IllegalArgumentException if {@code hex} is no SHA-256 */
  public Fingerprint {
    if (hex.length() != LENGTH || !isHex(hex)) {
      throw new IllegalArgumentException("fingerprint: expected 64 of [0-9a-f]");
    }
  }

  private static boolean isHex(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }

  /** Of the whole certificate. */
  public static Fingerprint of(X509Certificate certificate) {
    try {
      return of(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("certificate without an encoding", e);
    }
  }

  /** Of a public key. */
  public static Fingerprint of(PublicKey key) {
    return of(key.getEncoded());
  }

  /**
   * From the hash itself.
   *
   * @throws IllegalArgumentException if these are not 32
   */
  public static Fingerprint ofOctets(byte[] octets) {
    return new Fingerprint(HexFormat.of().formatHex(octets));
  }

  private static Fingerprint of(byte[] der) {
    try {
      return ofOctets(MessageDigest.getInstance("SHA-256").digest(der));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  /** The hash itself, 32 octets. */
  public byte[] octets() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
