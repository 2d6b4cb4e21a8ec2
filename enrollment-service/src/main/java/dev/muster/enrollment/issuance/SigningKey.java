/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.security.PublicKey;
import org.bouncycastle.operator.ContentSigner;

/**
 * The use of a private key that stays where it is: in a file's process, in a token, in a service
 * elsewhere. All that a CA signs goes through here: certificates, CRLs, the answers of its OCSP
 * signers.
 *
 * <p>Thread-safe. Signing takes from 20 microseconds to some milliseconds; never call it on an
 * event loop.
 */
public interface SigningKey {
  /** Where it is, for the log and for messages; never what it is. */
  String name();

  PublicKey publicKey();

  /** How it signs. */
  SignatureScheme scheme();

  /**
   * Signs, hash included. @return the signature as X.509 carries it; for ECDSA its DER
   *
   * @throws IssuanceException if the key cannot be used now
   */
  byte[] sign(byte[] toBeSigned);

  /** As BouncyCastle's builders want it; good for one signature. */
  default ContentSigner contentSigner() {
    return new KeyContentSigner(this);
  }
}
