/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.ByteArrayInputStream;
import java.io.IOException;
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
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** PEM as RFC 7468 has it: certificates (section 5) and PKCS#8 private keys (section 10). */
final class Pem {
  private static final int MAX_BYTES = 64 * 1024;
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private Pem() {}

  static byte[] of(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded()).getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] of(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    try {
      for (X509Certificate certificate : certificates) {
        text.append(block("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate without an encoding", e);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String block(String label, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
  }

  /** @throws FactoryException if the file has anything but exactly one certificate */
  static X509Certificate readCertificate(Path file) {
    Collection<? extends Certificate> found;
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      found = factory.generateCertificates(new ByteArrayInputStream(read(file)));
    } catch (CertificateException e) {
      throw damaged(file, "one certificate as PEM", e);
    }
    if (found.size() == 1 && found.iterator().next() instanceof X509Certificate certificate) {
      return certificate;
    }
    throw damaged(file, "one certificate as PEM", null);
  }

  /** @throws FactoryException if the file has no EC private key, PKCS#8, not encrypted */
  static PrivateKey readPrivateKey(Path file) {
    String expected = "an EC private key as PKCS#8 PEM, not encrypted";
    Matcher block = PRIVATE_KEY.matcher(new String(read(file), StandardCharsets.US_ASCII));
    if (!block.find()) {
      throw damaged(file, expected, null);
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.group(1));
      return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      throw damaged(file, expected, e);
    }
  }

  private static byte[] read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw damaged(file, "at most " + MAX_BYTES + " bytes", null);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FactoryException.io(file, "read", e);
    }
  }

  private static FactoryException damaged(Path file, String expected, @Nullable Throwable cause) {
    return new FactoryException(
        file + ": is damaged (expected: " + expected + "); restore it from a backup", cause);
  }
}
