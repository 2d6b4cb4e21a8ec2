/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.Quoted;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Shows that whoever registers a CA can sign with its key: a certificate is public, and registering
 * somebody else's would let its owner's devices into this fleet. The owner issues a certificate
 * over a random challenge; nobody can have prepared one.
 */
public final class ProofOfPossession {
  private static final int CHALLENGE_BYTES = 20;

  private ProofOfPossession() {}

  /** What is to become a certificate's CN: not secret, fresh, and no device's name. */
  public static String newChallenge(SecureRandom random) {
    byte[] bytes = new byte[CHALLENGE_BYTES];
    random.nextBytes(bytes);
    return "proof-" + HexFormat.of().formatHex(bytes);
  }

  /**
   * Checks a proof. Its validity is of no interest: how long a challenge counts is for whoever gave
   * it to say.
   *
   * @param proof issued by {@code ca}, {@code CN=<challenge>}
   * @return what is wrong, for the sender; empty if nothing is
   */
  public static Optional<String> flaw(X509Certificate ca, String challenge, X509Certificate proof) {
    if (!sameName(ca, proof)) {
      return Optional.of("certificate: issued by "
          + Quoted.of(proof.getIssuerX500Principal().getName()) + " (expected: by "
          + Quoted.of(ca.getSubjectX500Principal().getName()) + ")");
    }
    if (Signatures.isWeak(proof)) {
      return Optional.of(
          "certificate: signed with " + proof.getSigAlgName() + " (expected: SHA-256 or better)");
    }
    if (!challenge.equals(commonName(proof))) {
      return Optional.of("certificate: not over the challenge (expected: CN=" + challenge + ")");
    }
    try {
      proof.verify(ca.getPublicKey());
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.of("certificate: not signed with the key of the CA");
    }
  }

  private static boolean sameName(X509Certificate ca, X509Certificate proof) {
    return Arrays.equals(
        ca.getSubjectX500Principal().getEncoded(),
        proof.getIssuerX500Principal().getEncoded());
  }

  private static String commonName(X509Certificate proof) {
    try {
      return DistinguishedName.of(proof.getSubjectX500Principal()).commonName().orElse("");
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
