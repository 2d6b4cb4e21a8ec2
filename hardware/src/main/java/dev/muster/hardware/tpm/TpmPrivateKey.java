/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.security.PrivateKey;
import java.security.interfaces.ECKey;
import java.security.spec.ECParameterSpec;
import org.jspecify.annotations.Nullable;

/** The handle of a key in a TPM: it signs, with {@link TpmProvider}, and has no encoding. */
final class TpmPrivateKey implements PrivateKey, ECKey {
  private static final long serialVersionUID = 1L;

  private final transient String name;
  private final transient Signer signer;

  /** Has a digest signed. */
  interface Signer {
    TpmCommands.EcdsaSignature sign(byte[] digest) throws TpmException;
  }

  /** @param name of the TPM and the key, for people */
  TpmPrivateKey(String name, Signer signer) {
    this.name = name;
    this.signer = signer;
  }

  TpmCommands.EcdsaSignature sign(byte[] digest) throws TpmException {
    return signer.sign(digest);
  }

  @Override
  public String getAlgorithm() {
    return "EC";
  }

  @Override
  public @Nullable String getFormat() {
    return null;
  }

  @Override
  public byte @Nullable [] getEncoded() {
    return null;
  }

  @Override
  public ECParameterSpec getParams() {
    return EccPublic.parameters();
  }

  private void writeObject(ObjectOutputStream out) throws NotSerializableException {
    throw new NotSerializableException("a key in a TPM");
  }

  @Override
  public String toString() {
    return "TpmPrivateKey[" + name + "]";
  }
}
