/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.protocol.identity.Quoted;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
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
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** PEM texts (RFC 7468), as openssl writes and reads them. */
public final class Pem {
  private static final Base64.Encoder ENCODER = Base64.getMimeEncoder(64, new byte[] {'\n'});
  private static final Pattern BLOCK = Pattern.compile(
      "-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\\s]*)-----END ([A-Z0-9 ]{1,40})-----");

  private static final Map<ASN1ObjectIdentifier, String> KEY_ALGORITHMS = Map.of(
      X9ObjectIdentifiers.id_ecPublicKey, "EC",
      PKCSObjectIdentifiers.rsaEncryption, "RSA",
      EdECObjectIdentifiers.id_Ed25519, "Ed25519");

  private Pem() {}

  /** One certificate after the other. */
  public static String of(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        text.append(block("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("certificate without an encoding", e);
      }
    }
    return text.toString();
  }

  /** A private key as PKCS#8, not encrypted. */
  static String of(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded());
  }

  /**
   * The certificates of a text, at least one.
   *
   * @throws IllegalArgumentException if there is none, or one cannot be read
   */
  public static List<X509Certificate> certificates(String text) {
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] der : blocks(text, "CERTIFICATE")) {
      try {
        certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(der)));
      } catch (GeneralSecurityException e) {
        throw new IllegalArgumentException("certificate: cannot be read (expected: X.509)", e);
      }
    }
    return certificates;
  }

  /**
   * The one private key of a text.
   *
   * @throws IllegalArgumentException if there is not exactly one PKCS#8 key that can be read
   */
  static PrivateKey privateKey(String text) {
    byte[] der = one(text, "PRIVATE KEY");
    try {
      String algorithm = KEY_ALGORITHMS.get(
          PrivateKeyInfo.getInstance(der).getPrivateKeyAlgorithm().getAlgorithm());
      if (algorithm == null) {
        throw new IllegalArgumentException("private key: expected EC, RSA or Ed25519");
      }
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IllegalArgumentException("private key: cannot be read (expected: PKCS#8)", e);
    }
  }

  /**
   * The DER of the one certification request of a text.
   *
   * @throws IllegalArgumentException if there is not exactly one
   */
  public static byte[] certificationRequest(String text) {
    return one(
        text.replace("NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST"), "CERTIFICATE REQUEST");
  }

  private static byte[] one(String text, String type) {
    List<byte[]> blocks = blocks(text, type);
    if (blocks.size() != 1) {
      throw new IllegalArgumentException(
          "PEM: " + blocks.size() + " blocks of " + type + " (expected: one)");
    }
    return blocks.get(0);
  }

  private static List<byte[]> blocks(String text, String type) {
    List<byte[]> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (!matcher.group(1).equals(matcher.group(3))) {
        throw new IllegalArgumentException(
            "PEM: BEGIN " + Quoted.of(matcher.group(1)) + " without its END");
      }
      if (matcher.group(1).equals(type)) {
        blocks.add(Base64.getMimeDecoder().decode(matcher.group(2)));
      }
    }
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException("PEM: no block (expected: BEGIN " + type + ")");
    }
    return blocks;
  }

  private static String block(String type, byte[] der) {
    return "-----BEGIN " + type + "-----\n"
        + new String(ENCODER.encode(der), StandardCharsets.US_ASCII)
        + "\n-----END " + type + "-----\n";
  }
}
