/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;

/**
 * A key that a JCA provider can use: one of this process, or the handle of one in a token.
 *
 * <p>The provider is always named. Left to itself, the JDK asks one after the other, and hands the
 * key of one to the code of another.
 */
public final class JcaSigningKey implements SigningKey {
  private final String name;
  private final PrivateKey key;
  private final PublicKey publicKey;
  private final SignatureScheme scheme;
  private final Provider provider;

  /**
   * @param provider whose the key is
   * @throws IllegalArgumentException if no CA of ours has such a key
   */
  public JcaSigningKey(String name, PrivateKey key, PublicKey publicKey, Provider provider) {
    this.name = requireNonNull(name, "name");
    this.key = requireNonNull(key, "key");
    this.publicKey = requireNonNull(publicKey, "publicKey");
    this.scheme = SignatureScheme.of(publicKey);
    this.provider = requireNonNull(provider, "provider");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public PublicKey publicKey() {
    return publicKey;
  }

  @Override
  public SignatureScheme scheme() {
    return scheme;
  }

  @Override
  public byte[] sign(byte[] toBeSigned) {
    try {
      Signature signature = Signature.getInstance(scheme.jcaName(), provider);
      signature.initSign(key);
      signature.update(toBeSigned);
      return signature.sign();
    } catch (GeneralSecurityException | ProviderException e) {
      throw new IssuanceException("key " + name + ": cannot sign", e);
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "JcaSigningKey[" + name + "]";
  }
}
