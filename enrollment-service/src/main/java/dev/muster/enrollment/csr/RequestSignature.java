/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Map;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/**
 * The proof that a request comes from who has the key: which signatures count, and in what form.
 */
final class RequestSignature {
  private static final String ALGORITHM = "signatureAlgorithm";
  private static final String SIGNATURE = "signature";

  /** The names by which a JCA provider knows the algorithms, of a key and of its signatures. */
  private record Algorithm(String ofKey, String ofSignature) {}

  private static final Map<ASN1ObjectIdentifier, Algorithm> ALGORITHMS = Map.of(
      X9ObjectIdentifiers.ecdsa_with_SHA256, new Algorithm("EC", "SHA256withECDSA"),
      X9ObjectIdentifiers.ecdsa_with_SHA384, new Algorithm("EC", "SHA384withECDSA"),
      X9ObjectIdentifiers.ecdsa_with_SHA512, new Algorithm("EC", "SHA512withECDSA"),
      PKCSObjectIdentifiers.sha256WithRSAEncryption, new Algorithm("RSA", "SHA256withRSA"),
      PKCSObjectIdentifiers.sha384WithRSAEncryption, new Algorithm("RSA", "SHA384withRSA"),
      PKCSObjectIdentifiers.sha512WithRSAEncryption, new Algorithm("RSA", "SHA512withRSA"),
      EdECObjectIdentifiers.id_Ed25519, new Algorithm("EdDSA", "Ed25519"));

  private RequestSignature() {}

  static void check(PKCS10CertificationRequest csr, PublicKey key, CryptoProviders crypto)
      throws CsrRefusedException {
    String algorithm = algorithm(csr.getSignatureAlgorithm(), key);
    CertificationRequest request = csr.toASN1Structure();
    checkForm(request.getSignature(), key);
    try {
      byte[] signed = request.getCertificationRequestInfo().getEncoded(ASN1Encoding.DER);
      if (!crypto.verifies(algorithm, key, signed, request.getSignature().getOctets())) {
        throw new CsrRefusedException(
            SIGNATURE, "not made by the key in the request (expected: signed with that key)");
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new CsrRefusedException(SIGNATURE, "cannot be read (expected: DER)");
    }
  }

  private static String algorithm(AlgorithmIdentifier algorithm, PublicKey key)
      throws CsrRefusedException {
    Algorithm known = ALGORITHMS.get(algorithm.getAlgorithm());
    if (known == null) {
      throw new CsrRefusedException(
          ALGORITHM,
          algorithm.getAlgorithm()
              + " (expected: ECDSA or RSA PKCS#1 with SHA-256, SHA-384 or SHA-512, or Ed25519)");
    }
    if (!known.ofKey().equals(key.getAlgorithm())) {
      throw new CsrRefusedException(
          ALGORITHM, "does not fit the key (expected: one for " + key.getAlgorithm() + ")");
    }
    // Absent, but for RSA, where NULL is right and absence must be read (RFC 4055, 5).
    ASN1Encodable parameters = algorithm.getParameters();
    boolean mayBeNull = known.ofKey().equals("RSA") && DERNull.INSTANCE.equals(parameters);
    if (parameters != null && !mayBeNull) {
      throw new CsrRefusedException(ALGORITHM, "with parameters (expected: none)");
    }
    return known.ofSignature();
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
