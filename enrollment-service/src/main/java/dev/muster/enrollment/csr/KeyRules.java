/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTNamedCurves;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Which public keys are sound: P-256, P-384, RSA of 3072 bits and more, Ed25519. Decided before any
 * arithmetic with numbers that a stranger chose.
 */
final class KeyRules {
  private static final int RSA_MIN_BITS = 3072;
  /** More costs us CPU and nobody anything. */
  private static final int RSA_MAX_BITS = 8192;

  private static final BigInteger RSA_MIN_EXPONENT = BigInteger.valueOf(65537);
  private static final int RSA_MAX_EXPONENT_BITS = 32;
  private static final int ED25519_BYTES = 32;
  private static final String FIELD = "publicKey";

  private KeyRules() {}

  static PublicKey read(SubjectPublicKeyInfo info) throws CsrRefusedException {
    return read(info, RSA_MIN_BITS);
  }

  static PublicKey read(SubjectPublicKeyInfo info, int rsaMinBits) throws CsrRefusedException {
    ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      checkEc(info);
      return decode("EC", info);
    }
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      checkRsa(info, rsaMinBits);
      return decode("RSA", info);
    }
    if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
      if (info.getPublicKeyData().getOctets().length != ED25519_BYTES) {
        throw new CsrRefusedException(
            FIELD, "Ed25519 key of the wrong length (expected: 32 bytes)");
      }
      return decode("Ed25519", info);
    }
    throw new CsrRefusedException(
        FIELD,
        "algorithm " + algorithm + " (expected: EC P-256 or P-384, RSA " + rsaMinBits
            + " or more, Ed25519)");
  }

  private static void checkEc(SubjectPublicKeyInfo info) throws CsrRefusedException {
    ASN1Encodable parameters = info.getAlgorithm().getParameters();
    if (!(parameters instanceof ASN1ObjectIdentifier curve)) {
      // Explicit parameters let a key pass for another's (CVE-2020-0601); RFC 5480, 2.1.1 bans
      // them.
      throw new CsrRefusedException(
          FIELD, "EC key without a named curve (expected: P-256 or P-384)");
    }
    if (!curve.equals(SECObjectIdentifiers.secp256r1)
        && !curve.equals(SECObjectIdentifiers.secp384r1)) {
      throw new CsrRefusedException(FIELD, "curve " + curve + " (expected: P-256 or P-384)");
    }
    X9ECParameters domain = NISTNamedCurves.getByOID(curve);
    byte[] point = info.getPublicKeyData().getOctets();
    int expected = 1 + 2 * ((domain.getCurve().getFieldSize() + 7) / 8);
    if (point.length != expected || point[0] != 4) {
      throw new CsrRefusedException(FIELD, "EC point (expected: uncompressed)");
    }
    try {
      domain.getCurve().decodePoint(point);
    } catch (IllegalArgumentException e) {
      throw new CsrRefusedException(
          FIELD, "EC point is not on its curve (expected: a point of it)");
    }
  }

  private static void checkRsa(SubjectPublicKeyInfo info, int minBits) throws CsrRefusedException {
    RSAPublicKey key;
    try {
      key = RSAPublicKey.getInstance(info.parsePublicKey());
    } catch (IOException e) {
      throw new CsrRefusedException(FIELD, "RSA key cannot be read (expected: RFC 8017, A.1.1)");
    }
    int bits = key.getModulus().bitLength();
    if (bits < minBits || bits > RSA_MAX_BITS) {
      throw new CsrRefusedException(
          FIELD, "RSA " + bits + " bits (expected: " + minBits + " to " + RSA_MAX_BITS + ")");
    }
    BigInteger exponent = key.getPublicExponent();
    if (exponent.compareTo(RSA_MIN_EXPONENT) < 0
        || exponent.bitLength() > RSA_MAX_EXPONENT_BITS
        || !exponent.testBit(0)
        || key.getModulus().signum() <= 0
        || !key.getModulus().testBit(0)) {
      throw new CsrRefusedException(
          FIELD, "RSA exponent or modulus (expected: odd, exponent 65537 to 2^32)");
    }
  }

  private static PublicKey decode(String algorithm, SubjectPublicKeyInfo info)
      throws CsrRefusedException {
    try {
      return KeyFactory.getInstance(algorithm)
          .generatePublic(new X509EncodedKeySpec(info.getEncoded()));
    } catch (GeneralSecurityException | IOException e) {
      throw new CsrRefusedException(
          FIELD, algorithm + " key cannot be read (expected: RFC 5480, 8017 or 8410)");
    }
  }
}
