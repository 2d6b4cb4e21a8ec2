/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;

/** Whether a private key belongs to a public one, proved by signing. */
public final class KeyMatch {
  private static final byte[] PROBE =
      "does this key belong to that certificate?".getBytes(StandardCharsets.US_ASCII);

  private KeyMatch() {}

  /** False also if the keys are of different kinds, or of a kind that does not sign. */
  public static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
    try {
      return signsFor(privateKey, publicKey);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** As {@link #belongTogether}, for those who want to know why a key does not sign. */
  public static boolean signsFor(PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    String algorithm = algorithm(privateKey.getAlgorithm());
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(privateKey);
    signer.update(PROBE);
    // Another one: a key in hardware signs with a provider that need not verify.
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(publicKey);
    verifier.update(PROBE);
    return verifier.verify(signer.sign());
  }

  private static String algorithm(String key) {
    return switch (key) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> key; // EdDSA, Ed25519: the key's name is the signature's.
    };
  }
}
