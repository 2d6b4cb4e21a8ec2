/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and certificates as text (RFC 7468). Plain JDK: it costs a device 10 ms where PKCS#12 costs
 * 160.
 */
public final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});
  private static final int MAX_BYTES = 256 * 1024;

  private Pem() {}

  /**
   * Reads an unencrypted PKCS#8 key.
   *
   * @throws IllegalArgumentException naming the file, if it is missing or holds no such key
   */
  public static PrivateKey readKey(Path file) {
    String text = new String(read(file), StandardCharsets.ISO_8859_1);
    Matcher matcher = KEY.matcher(text);
    if (!matcher.find()) {
      String hint = text.contains("PRIVATE KEY-----")
          ? "; convert it with: openssl pkcs8 -topk8 -nocrypt"
          : "";
      throw new IllegalArgumentException(
          file + ": no private key (expected: unencrypted PKCS#8 PEM" + hint + ")");
    }
    try {
      return decode(Base64.getMimeDecoder().decode(matcher.group(1)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + ": not a key (expected: EC, Ed25519 or RSA in PKCS#8 PEM)", e);
    }
  }

  /**
   * Reads one or more certificates.
   *
   * @throws IllegalArgumentException naming the file, if it is missing or holds none
   */
  public static List<X509Certificate> readCertificates(Path file) {
    byte[] text = read(file);
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (Certificate certificate : CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(text))) {
        certificates.add((X509Certificate) certificate);
      }
      if (certificates.isEmpty()) {
        throw new IllegalArgumentException(file + ": no certificate (expected: PEM)");
      }
      return List.copyOf(certificates);
    } catch (CertificateException e) {
      throw new IllegalArgumentException(file + ": not a certificate (expected: PEM)", e);
    }
  }

  static byte[] write(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded()).getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] write(List<X509Certificate> chain) {
    StringBuilder text = new StringBuilder();
    try {
      for (X509Certificate certificate : chain) {
        text.append(block("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String block(String label, byte[] der) {
    return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(der) + "\n-----END " + label
        + "-----\n";
  }

  private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
    GeneralSecurityException last = null;
    for (String algorithm : List.of("EC", "EdDSA", "RSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException e) {
        last = e;
      }
    }
    throw new GeneralSecurityException("no algorithm fits", last);
  }

  private static byte[] read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException(file + ": too large (expected: a few kB of PEM)");
      }
      return Files.readAllBytes(file);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read", e);
    }
  }
}
