/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.issuance.Fingerprint;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

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
    PublicKey key = readSound(info, rsaMinBits);
    Optional<String> place = PublishedKeys.place(Fingerprint.of(key));
    if (place.isPresent()) {
      throw new CsrRefusedException(
          FIELD, "its private key is published (" + place.get() + "; expected: one of your own)");
    }
    return key;
  }

  private static PublicKey readSound(SubjectPublicKeyInfo info, int rsaMinBits)
      throws CsrRefusedException {
    if (info.getPublicKeyData().getPadBits() != 0) {
      throw new CsrRefusedException(FIELD, "BIT STRING with unused bits (expected: whole octets)");
    }
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
      checkEd25519(info);
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
    X9ECParameters domain = CustomNamedCurves.getByOID(curve);
    byte[] point = info.getPublicKeyData().getOctets();
    int expected = 1 + 2 * ((domain.getCurve().getFieldSize() + 7) / 8);
    if (point.length != expected || point[0] != 4) {
      throw new CsrRefusedException(FIELD, "EC point (expected: uncompressed)");
    }
    try {
      checkPoint(domain.getCurve().decodePoint(point), domain.getG());
    } catch (IllegalArgumentException e) {
      throw new CsrRefusedException(
          FIELD, "EC point is not on its curve (expected: a point of it)");
    }
  }

  /** Whose private key is 1 or -1, and whose nobody knows, so that it can only be a mistake. */
  private static void checkPoint(ECPoint point, ECPoint base) throws CsrRefusedException {
    BigInteger x = point.getAffineXCoord().toBigInteger();
    if (x.signum() == 0 || x.equals(base.getAffineXCoord().toBigInteger())) {
      throw new CsrRefusedException(
          FIELD, "EC point with x = 0, or the base point (expected: of a random private key)");
    }
  }

  /** Of small order, or written so that another reader sees another point (RFC 8032, 5.1.3). */
  private static void checkEd25519(SubjectPublicKeyInfo info) throws CsrRefusedException {
    byte[] point = info.getPublicKeyData().getOctets();
    if (info.getAlgorithm().getParameters() != null) {
      throw new CsrRefusedException(
          FIELD, "Ed25519 key with parameters (expected: none, RFC 8410, 3)");
    }
    if (point.length != ED25519_BYTES) {
      throw new CsrRefusedException(FIELD, "Ed25519 key of the wrong length (expected: 32 bytes)");
    }
    if (!Ed25519.validatePublicKeyFull(point, 0)) {
      throw new CsrRefusedException(
          FIELD, "Ed25519 point (expected: of the large prime order, written canonically)");
    }
  }

  private static void checkRsa(SubjectPublicKeyInfo info, int minBits) throws CsrRefusedException {
    if (!DERNull.INSTANCE.equals(info.getAlgorithm().getParameters())) {
      throw new CsrRefusedException(
          FIELD, "RSA key without NULL parameters (expected: RFC 3279, 2.3.1)");
    }
    ASN1Sequence numbers = rsaNumbers(info);
    // Signed, as they stand: BouncyCastle's own type and the JDK read a negative number as another.
    BigInteger modulus = ASN1Integer.getInstance(numbers.getObjectAt(0)).getValue();
    BigInteger exponent = ASN1Integer.getInstance(numbers.getObjectAt(1)).getValue();
    int bits = modulus.bitLength();
    if (bits < minBits || bits > RSA_MAX_BITS) {
      throw new CsrRefusedException(
          FIELD, "RSA " + bits + " bits (expected: " + minBits + " to " + RSA_MAX_BITS + ")");
    }
    if (exponent.compareTo(RSA_MIN_EXPONENT) < 0
        || exponent.bitLength() > RSA_MAX_EXPONENT_BITS
        || !exponent.testBit(0)
        || modulus.signum() <= 0
        || !modulus.testBit(0)) {
      throw new CsrRefusedException(
          FIELD, "RSA exponent or modulus (expected: odd, exponent 65537 to 2^32)");
    }
    Optional<String> weakness = RsaWeakness.find(modulus);
    if (weakness.isPresent()) {
      throw new CsrRefusedException(FIELD, weakness.get());
    }
  }

  /** DER again, inside of the BIT STRING. */
  private static ASN1Sequence rsaNumbers(SubjectPublicKeyInfo info) throws CsrRefusedException {
    try {
      ASN1Sequence numbers = ASN1Sequence.getInstance(info.parsePublicKey());
      byte[] der = numbers.getEncoded(ASN1Encoding.DER);
      if (numbers.size() == 2 && Arrays.equals(der, info.getPublicKeyData().getOctets())) {
        return numbers;
      }
    } catch (IOException e) {
      // The same answer as for what can be read and is something else.
    }
    throw new CsrRefusedException(FIELD, "RSA key cannot be read (expected: RFC 8017, A.1.1)");
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
