/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** Keys and certificates in PEM (RFC 7468). Blocks; a file that cannot be used fails the start. */
final class PemFile {
  private static final String BEGIN_KEY = "-----BEGIN PRIVATE KEY-----";
  private static final String END_KEY = "-----END PRIVATE KEY-----";
  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519");

  private PemFile() {}

  static List<X509Certificate> certificates(Path file) {
    try {
      List<X509Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(read(file)))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (certificates.isEmpty()) {
        throw new StartFailedException(file + ": no certificate in it (expected: PEM)");
      }
      return certificates;
    } catch (GeneralSecurityException e) {
      throw new StartFailedException(file + ": not a certificate (expected: PEM)", e);
    }
  }

  static PrivateKey privateKey(Path file) {
    String text = new String(read(file), StandardCharsets.ISO_8859_1);
    int begin = text.indexOf(BEGIN_KEY);
    int end = text.indexOf(END_KEY);
    if (begin < 0 || end < begin) {
      throw new StartFailedException(file + ": no private key in it (expected: PKCS#8 PEM)");
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN_KEY.length(), end));
    } catch (IllegalArgumentException e) {
      throw new StartFailedException(file + ": not base64 (expected: PKCS#8 PEM)");
    }
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (GeneralSecurityException e) {
        // Then it is a key of one of the others.
        continue;
      }
    }
    throw new StartFailedException(file + ": not a key that we know (expected: EC, RSA, Ed25519)");
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new StartFailedException(file + ": cannot be read: " + e, e);
    }
  }
}
