/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** The kinds of keys that our CAs may have, each with the one hash that goes with it (RFC 5758). */
public enum SignatureScheme {
  /** P-256 with SHA-256. */
  ECDSA_P256(
      "secp256r1",
      X9ObjectIdentifiers.prime256v1,
      "SHA256withECDSA",
      X9ObjectIdentifiers.ecdsa_with_SHA256),
  /** P-384 with SHA-384. */
  ECDSA_P384(
      "secp384r1",
      SECObjectIdentifiers.secp384r1,
      "SHA384withECDSA",
      X9ObjectIdentifiers.ecdsa_with_SHA384);

  private final String curve;
  private final AlgorithmIdentifier keyAlgorithm;
  private final String jcaName;
  private final AlgorithmIdentifier identifier;
  private final byte[] encoded;

  SignatureScheme(
      String curve, ASN1ObjectIdentifier curveId, String jcaName, ASN1ObjectIdentifier identifier) {
    this.curve = curve;
    this.keyAlgorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curveId);
    this.jcaName = jcaName;
    // Without parameters, not even NULL (RFC 5758, 3.2).
    this.identifier = new AlgorithmIdentifier(identifier);
    this.encoded = Der.encoded(this.identifier);
  }

  /** @throws IllegalArgumentException if no CA of ours has such a key */
  public static SignatureScheme of(PublicKey key) {
    AlgorithmIdentifier algorithm =
        SubjectPublicKeyInfo.getInstance(key.getEncoded()).getAlgorithm();
    for (SignatureScheme scheme : values()) {
      if (scheme.keyAlgorithm.equals(algorithm)) {
        return scheme;
      }
    }
    throw new IllegalArgumentException(
        "key: " + key.getAlgorithm() + " (expected: EC on P-256 or P-384)");
  }

  /** The signature algorithm's name for a JCA provider. */
  public String jcaName() {
    return jcaName;
  }

  /** As certificates name it. */
  public AlgorithmIdentifier identifier() {
    return identifier;
  }

  /** As {@link #identifier}, in DER; not to be changed. */
  byte[] encoded() {
    return encoded;
  }

  /** The whole, be it a certificate or a CRL (RFC 5280, 4.1.1 and 5.1.1). */
  byte[] signed(byte[] toBeSigned, byte[] signature) {
    return Der.sequence(toBeSigned, encoded, Der.bitString(signature));
  }

  /** Makes a key pair, from the provider's own randomness. */
  public KeyPair generate(Provider provider) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", provider);
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }
}
