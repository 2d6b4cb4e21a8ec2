/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.math.BigInteger;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTNamedCurves;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Signatures in requests: weak ones, and ones that some verifier somewhere has let pass. */
class CsrSignatureTest {
  private static final KeyPair EC = RawCsr.keys("EC", "secp256r1", 0);
  private static final KeyPair RSA = RawCsr.keys("RSA", "", 3072);
  private static final KeyPair ED = RawCsr.keys("Ed25519", "", 0);
  private static final RawCsr REQUEST = RawCsr.of(EC);
  private static final byte[] GOOD = REQUEST.sign(EC, "SHA256withECDSA");
  private static final BigInteger ORDER =
      NISTNamedCurves.getByOID(SECObjectIdentifiers.secp256r1).getN();
  private static final AlgorithmIdentifier ECDSA =
      new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);

  /** A request, and the field that its refusal must name. */
  record Bad(String name, byte[] csr, String field) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Bad ecdsa(String name, byte[] signature) {
    return new Bad(name, REQUEST.with(ECDSA, signature), "signature");
  }

  private static byte[] pair(BigInteger r, BigInteger s) {
    return RawCsr.der(
        new DERSequence(new ASN1Encodable[] {new ASN1Integer(r), new ASN1Integer(s)}));
  }

  private static BigInteger number(int index) {
    return ASN1Integer.getInstance(ASN1Sequence.getInstance(GOOD).getObjectAt(index))
        .getValue();
  }

  static Stream<Bad> badEcdsa() {
    BigInteger r = number(0);
    BigInteger s = number(1);
    byte[] longLength = new byte[GOOD.length + 1];
    longLength[0] = 0x30;
    longLength[1] = (byte) 0x81;
    System.arraycopy(GOOD, 1, longLength, 2, GOOD.length - 1);
    byte[] three = RawCsr.der(new DERSequence(
        new ASN1Encodable[] {new ASN1Integer(r), new ASN1Integer(s), DERNull.INSTANCE}));
    byte[] raw = new byte[64];
    Arrays.fill(raw, (byte) 7);
    return Stream.of(
        ecdsa("nothing", new byte[0]),
        ecdsa("r = 0", pair(BigInteger.ZERO, s)),
        ecdsa("s = 0", pair(r, BigInteger.ZERO)),
        ecdsa("r = s = 0", pair(BigInteger.ZERO, BigInteger.ZERO)),
        ecdsa("r = n", pair(ORDER, s)),
        ecdsa("s = n", pair(r, ORDER)),
        ecdsa("r + n", pair(r.add(ORDER), s)),
        ecdsa("s + n", pair(r, s.add(ORDER))),
        ecdsa("r negative", pair(r.negate(), s)),
        ecdsa("s negative", pair(r, s.negate())),
        ecdsa("a longer length", longLength),
        ecdsa("a byte behind", Arrays.copyOf(GOOD, GOOD.length + 1)),
        ecdsa("cut short", Arrays.copyOf(GOOD, GOOD.length - 1)),
        ecdsa("three numbers", three),
        ecdsa("r and s side by side", raw),
        new Bad(
            "unused bits",
            REQUEST.with(ECDSA, new DERBitString(Arrays.copyOf(GOOD, GOOD.length + 1), 1)),
            "signature"));
  }

  private static Bad algorithm(
      String name, KeyPair keys, ASN1ObjectIdentifier type, ASN1Encodable parameters) {
    return new Bad(
        name,
        RawCsr.of(keys).with(new AlgorithmIdentifier(type, parameters), new byte[64]),
        "signatureAlgorithm");
  }

  static Stream<Bad> badAlgorithms() {
    return Stream.of(
        algorithm("MD5", RSA, PKCSObjectIdentifiers.md5WithRSAEncryption, DERNull.INSTANCE),
        algorithm(
            "SHA-1 with RSA", RSA, PKCSObjectIdentifiers.sha1WithRSAEncryption, DERNull.INSTANCE),
        algorithm("SHA-1 with ECDSA", EC, X9ObjectIdentifiers.ecdsa_with_SHA1, null),
        algorithm("SHA-224", EC, X9ObjectIdentifiers.ecdsa_with_SHA224, null),
        algorithm("RSA-PSS", RSA, PKCSObjectIdentifiers.id_RSASSA_PSS, new DERSequence()),
        algorithm(
            "RSA's with an EC key",
            EC,
            PKCSObjectIdentifiers.sha256WithRSAEncryption,
            DERNull.INSTANCE),
        algorithm("ECDSA with an RSA key", RSA, X9ObjectIdentifiers.ecdsa_with_SHA256, null),
        algorithm("Ed25519 with an EC key", EC, EdECObjectIdentifiers.id_Ed25519, null),
        algorithm("ECDSA with an Ed25519 key", ED, X9ObjectIdentifiers.ecdsa_with_SHA256, null),
        algorithm(
            "ECDSA with parameters", EC, X9ObjectIdentifiers.ecdsa_with_SHA256, DERNull.INSTANCE),
        algorithm("none", EC, new ASN1ObjectIdentifier("1.3.6.1.5.5.7.6.2"), null));
  }

  static Stream<Bad> badOthers() {
    AlgorithmIdentifier sha256Rsa =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
    AlgorithmIdentifier ed25519 = new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519);
    byte[] ed = RawCsr.of(ED).sign(ED, "Ed25519");
    return Stream.of(
        new Bad("RSA of zeros", RawCsr.of(RSA).with(sha256Rsa, new byte[384]), "signature"),
        new Bad("RSA too short", RawCsr.of(RSA).with(sha256Rsa, new byte[1]), "signature"),
        new Bad("Ed25519 of zeros", RawCsr.of(ED).with(ed25519, new byte[64]), "signature"),
        new Bad("Ed25519 + order", RawCsr.of(ED).with(ed25519, malleated(ed)), "signature"));
  }

  /** Adds the order to the scalar (RFC 8032, 8.4). */
  private static byte[] malleated(byte[] signature) {
    BigInteger order =
        BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
    BigInteger scalar = new BigInteger(1, reversed(Arrays.copyOfRange(signature, 32, 64)));
    byte[] sum = reversed(scalar.add(order).toByteArray());
    byte[] result = Arrays.copyOf(signature, 64);
    System.arraycopy(sum, 0, result, 32, 32);
    return result;
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] result = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      result[bytes.length - 1 - i] = bytes[i];
    }
    return result;
  }

  static Stream<Bad> bad() {
    return Stream.of(badEcdsa(), badAlgorithms(), badOthers()).flatMap(all -> all);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void badSignature_isRefusedNamingTheField_byEveryProvider(Bad bad) {
    for (CryptoProviders crypto : List.of(CryptoProviders.jdk(), CryptoProviders.fastest())) {
      assertThat(new CsrVerifier(crypto, BlockedKeys.NONE).verify(bad.csr()))
          .isInstanceOfSatisfying(
              CsrCheck.Refused.class,
              refused -> assertThat(refused.field()).isEqualTo(bad.field()));
    }
  }

  @Test
  void rightSignatures_areAcceptedByEveryProvider() {
    AlgorithmIdentifier sha256Rsa =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
    AlgorithmIdentifier ed25519 = new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519);
    for (CryptoProviders crypto : List.of(CryptoProviders.jdk(), CryptoProviders.fastest())) {
      CsrVerifier verifier = new CsrVerifier(crypto, BlockedKeys.NONE);
      assertThat(verifier.verify(REQUEST.with(ECDSA, GOOD))).isInstanceOf(CsrCheck.Accepted.class);
      RawCsr rsa = RawCsr.of(RSA);
      assertThat(verifier.verify(rsa.with(sha256Rsa, rsa.sign(RSA, "SHA256withRSA"))))
          .isInstanceOf(CsrCheck.Accepted.class);
      RawCsr ed = RawCsr.of(ED);
      assertThat(verifier.verify(ed.with(ed25519, ed.sign(ED, "Ed25519"))))
          .isInstanceOf(CsrCheck.Accepted.class);
    }
  }
}
