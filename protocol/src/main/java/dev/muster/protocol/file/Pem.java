/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and certificates as text (RFC 7468), as openssl writes and reads them. Text around the
 * blocks, and blocks of other kinds, are passed over; a block without its end, or with anything but
 * base64 in it, is refused. Plain JDK: it costs a device 10 ms where PKCS#12 costs 160.
 */
public final class Pem {
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";
  private static final String REQUEST = "CERTIFICATE REQUEST";

  /** EC first: it is what nearly every device has. */
  private static final List<String> KEY_ALGORITHMS = List.of("EC", "EdDSA", "RSA");

  private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----");
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private Pem() {}

  /** One certificate after the other. */
  public static String of(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        text.append(block(CERTIFICATE, certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate without an encoding", e);
      }
    }
    return text.toString();
  }

  /** A private key as PKCS#8, not encrypted. A secret. */
  public static String of(PrivateKey key) {
    return block(PRIVATE_KEY, key.getEncoded());
  }

  /** A certification request (PKCS#10, RFC 2986). */
  public static String ofCertificationRequest(byte[] der) {
    return block(REQUEST, der);
  }

  /**
   * The certificates of a text in their order, at least one.
   *
   * @throws IllegalArgumentException if there is none, or one cannot be read
   */
  public static List<X509Certificate> certificates(String text) {
    List<byte[]> blocks = blocks(text, CERTIFICATE);
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException("no certificate (expected: PEM, BEGIN CERTIFICATE)");
    }
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] der : blocks) {
      try {
        certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(der)));
      } catch (GeneralSecurityException e) {
        throw new IllegalArgumentException("not a certificate (expected: X.509 as PEM)", e);
      }
    }
    return List.copyOf(certificates);
  }

  /**
   * The one private key of a text.
   *
   * @throws IllegalArgumentException if there is not exactly one PKCS#8 key, not encrypted, EC,
   *     EdDSA or RSA
   */
  public static PrivateKey privateKey(String text) {
    List<byte[]> blocks = blocks(text, PRIVATE_KEY);
    if (blocks.size() != 1) {
      throw new IllegalArgumentException(
          blocks.isEmpty() ? noPrivateKey(text) : blocks.size() + " private keys (expected: one)");
    }
    GeneralSecurityException last = null;
    for (String algorithm : KEY_ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm)
            .generatePrivate(new PKCS8EncodedKeySpec(blocks.get(0)));
      } catch (GeneralSecurityException e) {
        last = e;
      }
    }
    throw new IllegalArgumentException("not a key (expected: EC, EdDSA or RSA, PKCS#8 PEM)", last);
  }

  private static String noPrivateKey(String text) {
    String hint =
        text.contains("PRIVATE KEY-----") ? "; convert it with: openssl pkcs8 -topk8 -nocrypt" : "";
    return "no private key (expected: unencrypted PKCS#8 PEM" + hint + ")";
  }

  /**
   * The DER of the one certification request of a text (PKCS#10, RFC 2986).
   *
   * @throws IllegalArgumentException if there is not exactly one
   */
  public static byte[] certificationRequest(String text) {
    List<byte[]> blocks = new ArrayList<>(blocks(text, REQUEST));
    // What Microsoft's tools and old openssl write (RFC 7468, 7).
    blocks.addAll(blocks(text, "NEW " + REQUEST));
    if (blocks.size() != 1) {
      throw new IllegalArgumentException(
          blocks.size() + " certification requests (expected: one as PEM, BEGIN " + REQUEST + ")");
    }
    return blocks.get(0);
  }

  private static List<byte[]> blocks(String text, String label) {
    List<byte[]> blocks = new ArrayList<>();
    Matcher begin = BEGIN.matcher(text);
    int from = 0;
    while (begin.find(from)) {
      String found = begin.group(1);
      String end = "-----END " + found + "-----";
      int bodyEnd = text.indexOf(end, begin.end());
      // Another block's beginning on the way means that this one was cut off.
      if (bodyEnd < 0 || text.substring(begin.end(), bodyEnd).contains("-----BEGIN ")) {
        throw new IllegalArgumentException("BEGIN " + found + " without its END (expected: PEM)");
      }
      if (found.equals(label)) {
        blocks.add(decode(label, text.substring(begin.end(), bodyEnd)));
      }
      from = bodyEnd + end.length();
    }
    return blocks;
  }

  /** Not the MIME decoder: it skips what it does not know. */
  private static byte[] decode(String label, String body) {
    try {
      return Base64.getDecoder().decode(body.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          label.toLowerCase(Locale.ROOT) + " is not base64 (expected: PEM)", e);
    }
  }

  private static String block(String label, byte[] der) {
    return "-----BEGIN " + label + "-----\n"
        + LINES.encodeToString(der) + "\n-----END " + label
        + "-----\n";
  }
}
