/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.ContentSigner;

/** Gathers what is to be signed, and has a {@link SigningKey} sign it. */
final class KeyContentSigner implements ContentSigner {
  private final SigningKey key;
  private final ByteArrayOutputStream toBeSigned = new ByteArrayOutputStream(1024);

  KeyContentSigner(SigningKey key) {
    this.key = key;
  }

  @Override
  public AlgorithmIdentifier getAlgorithmIdentifier() {
    return key.scheme().identifier();
  }

  @Override
  public OutputStream getOutputStream() {
    return toBeSigned;
  }

  @Override
  public byte[] getSignature() {
    return key.sign(toBeSigned.toByteArray());
  }
}
