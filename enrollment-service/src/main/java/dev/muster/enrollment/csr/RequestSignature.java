/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Map;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.RuntimeOperatorException;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;

/**
 * The proof that a request comes from who has the key: which signatures count, and in what form.
 */
final class RequestSignature {
  private static final String ALGORITHM = "signatureAlgorithm";
  private static final String SIGNATURE = "signature";

  /** Signature algorithms, and the key algorithm each goes with. */
  private static final Map<ASN1ObjectIdentifier, String> KEY_ALGORITHMS = Map.of(
      X9ObjectIdentifiers.ecdsa_with_SHA256, "EC",
      X9ObjectIdentifiers.ecdsa_with_SHA384, "EC",
      X9ObjectIdentifiers.ecdsa_with_SHA512, "EC",
      PKCSObjectIdentifiers.sha256WithRSAEncryption, "RSA",
      PKCSObjectIdentifiers.sha384WithRSAEncryption, "RSA",
      PKCSObjectIdentifiers.sha512WithRSAEncryption, "RSA",
      EdECObjectIdentifiers.id_Ed25519, "EdDSA");

  private RequestSignature() {}

  static void check(PKCS10CertificationRequest csr, PublicKey key, CryptoProviders crypto)
      throws CsrRefusedException {
    checkAlgorithm(csr.getSignatureAlgorithm(), key);
    checkForm(csr.toASN1Structure().getSignature(), key);
    try {
      if (!csr.isSignatureValid(crypto.verifier(key))) {
        throw new CsrRefusedException(
            SIGNATURE, "not made by the key in the request (expected: signed with that key)");
      }
    } catch (OperatorCreationException | PKCSException | RuntimeOperatorException e) {
      throw new CsrRefusedException(SIGNATURE, "cannot be read (expected: DER)");
    }
  }

  private static void checkAlgorithm(AlgorithmIdentifier algorithm, PublicKey key)
      throws CsrRefusedException {
    String keyAlgorithm = KEY_ALGORITHMS.get(algorithm.getAlgorithm());
    if (keyAlgorithm == null) {
      throw new CsrRefusedException(
          ALGORITHM,
          algorithm.getAlgorithm()
              + " (expected: ECDSA or RSA PKCS#1 with SHA-256, SHA-384 or SHA-512, or Ed25519)");
    }
    if (!keyAlgorithm.equals(key.getAlgorithm())) {
      throw new CsrRefusedException(
          ALGORITHM, "does not fit the key (expected: one for " + key.getAlgorithm() + ")");
    }
    // Absent, but for RSA, where NULL is right and absence must be read (RFC 4055, 5).
    ASN1Encodable parameters = algorithm.getParameters();
    boolean mayBeNull = keyAlgorithm.equals("RSA") && DERNull.INSTANCE.equals(parameters);
    if (parameters != null && !mayBeNull) {
      throw new CsrRefusedException(ALGORITHM, "with parameters (expected: none)");
    }
  }

  private static void checkForm(ASN1BitString signature, PublicKey key) throws CsrRefusedException {
    if (signature.getPadBits() != 0) {
      throw new CsrRefusedException(SIGNATURE, "unused bits (expected: whole octets)");
    }
    if (key instanceof ECPublicKey ec
        && !EcdsaShape.holds(signature.getOctets(), ec.getParams().getOrder())) {
      throw new CsrRefusedException(
          SIGNATURE, "no ECDSA signature (expected: DER of two numbers, from 1 to the order)");
    }
  }
}
