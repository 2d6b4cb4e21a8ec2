/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** How algorithms and keys must be named, and which we use. */
final class Algorithms {
  private static final int UNCOMPRESSED = 4;
  private static final int RSA_MIN_BITS = 3072;
  private static final Map<ASN1ObjectIdentifier, Integer> POINT_BYTES =
      Map.of(SECObjectIdentifiers.secp256r1, 65, SECObjectIdentifiers.secp384r1, 97);

  private static final Set<ASN1ObjectIdentifier> ECDSA = Set.of(
      X9ObjectIdentifiers.ecdsa_with_SHA256,
      X9ObjectIdentifiers.ecdsa_with_SHA384,
      X9ObjectIdentifiers.ecdsa_with_SHA512);
  private static final Set<ASN1ObjectIdentifier> RSA = Set.of(
      PKCSObjectIdentifiers.sha256WithRSAEncryption,
      PKCSObjectIdentifiers.sha384WithRSAEncryption,
      PKCSObjectIdentifiers.sha512WithRSAEncryption);

  private Algorithms() {}

  /** Whether both places name one algorithm, rightly, and one that the issuer's key can do. */
  static Optional<String> signatureFault(
      AlgorithmIdentifier inner, AlgorithmIdentifier outer, SubjectPublicKeyInfo issuerKey) {
    if (!Arrays.equals(Draft.encoded(inner), Draft.encoded(outer))) {
      return Optional.of(inner.getAlgorithm() + " inside, " + outer.getAlgorithm()
          + " outside (expected: the same)");
    }
    ASN1ObjectIdentifier algorithm = inner.getAlgorithm();
    boolean rsa = RSA.contains(algorithm);
    if (!rsa && !ECDSA.contains(algorithm) && !algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
      return Optional.of(algorithm + " (expected: ECDSA or RSA with SHA-2, or Ed25519)");
    }
    if (!keyAlgorithm(algorithm).equals(issuerKey.getAlgorithm().getAlgorithm())) {
      return Optional.of(algorithm + " (expected: one of the issuer's key)");
    }
    return parametersFault(inner, rsa);
  }

  private static ASN1ObjectIdentifier keyAlgorithm(ASN1ObjectIdentifier signature) {
    if (ECDSA.contains(signature)) {
      return X9ObjectIdentifiers.id_ecPublicKey;
    }
    return RSA.contains(signature) ? PKCSObjectIdentifiers.rsaEncryption : signature;
  }

  /** NULL for RSA, absent for all others (RFC 4055, 5; RFC 5758, 3.2; RFC 8410, 3). */
  private static Optional<String> parametersFault(AlgorithmIdentifier algorithm, boolean isNull) {
    ASN1Encodable parameters = algorithm.getParameters();
    boolean right = isNull ? DERNull.INSTANCE.equals(parameters) : parameters == null;
    return right
        ? Optional.empty()
        : Optional.of("parameters of " + algorithm.getAlgorithm() + " (expected: "
            + (isNull ? "NULL" : "absent") + ")");
  }

  static Optional<String> keyFault(SubjectPublicKeyInfo key) {
    ASN1ObjectIdentifier algorithm = key.getAlgorithm().getAlgorithm();
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      return ecFault(key);
    }
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return rsaFault(key);
    }
    if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
      return parametersFault(key.getAlgorithm(), false);
    }
    return Optional.of(algorithm + " (expected: EC, RSA or Ed25519)");
  }

  private static Optional<String> ecFault(SubjectPublicKeyInfo key) {
    ASN1Encodable curve = key.getAlgorithm().getParameters();
    Integer length = curve instanceof ASN1ObjectIdentifier name ? POINT_BYTES.get(name) : null;
    if (length == null) {
      return Optional.of("EC parameters (expected: P-256 or P-384 by name)");
    }
    byte[] point = key.getPublicKeyData().getOctets();
    return point.length == length && point[0] == UNCOMPRESSED
        ? Optional.empty()
        : Optional.of("EC point of " + point.length + " bytes (expected: uncompressed)");
  }

  private static Optional<String> rsaFault(SubjectPublicKeyInfo key) {
    Optional<String> parameters = parametersFault(key.getAlgorithm(), true);
    if (parameters.isPresent()) {
      return parameters;
    }
    int bits = RSAPublicKey.getInstance(key.getPublicKeyData().getOctets())
        .getModulus()
        .bitLength();
    return bits >= RSA_MIN_BITS
        ? Optional.empty()
        : Optional.of("RSA " + bits + " bits (expected: at least " + RSA_MIN_BITS + ")");
  }
}
