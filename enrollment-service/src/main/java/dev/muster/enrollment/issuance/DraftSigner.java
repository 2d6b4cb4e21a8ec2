/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Provider;
import java.security.Security;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.ContentSigner;

/**
 * Stands in for a CA's key while a certificate is only a draft. All drafts bear the same signature,
 * one for each way of signing: made when the process starts, of nothing, by a key that is thrown
 * away at once. The lint wants a whole certificate and does not look at it; a draft that got out
 * would be worth nothing.
 *
 * <p>Good for one draft, of which it keeps what the CA is to sign.
 */
final class DraftSigner implements ContentSigner {
  private static final Map<SignatureScheme, byte[]> SIGNATURES =
      new EnumMap<>(SignatureScheme.class);

  static {
    for (SignatureScheme scheme : SignatureScheme.values()) {
      SIGNATURES.put(scheme, sign(scheme));
    }
  }

  private final SignatureScheme scheme;
  private final ByteArrayOutputStream toBeSigned = new ByteArrayOutputStream(1024);

  DraftSigner(SignatureScheme scheme) {
    this.scheme = scheme;
  }

  private static byte[] sign(SignatureScheme scheme) {
    Provider provider = CryptoProviders.fastest().tls().orElse(Security.getProvider("SunEC"));
    try {
      KeyPair keys = scheme.generate(provider);
      return new JcaSigningKey("throwaway", keys.getPrivate(), keys.getPublic(), provider)
          .sign(new byte[0]);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no keys for " + scheme, e);
    }
  }

  @Override
  public AlgorithmIdentifier getAlgorithmIdentifier() {
    return scheme.identifier();
  }

  @Override
  public OutputStream getOutputStream() {
    return toBeSigned;
  }

  @Override
  public byte[] getSignature() {
    return signature(scheme);
  }

  private static byte[] signature(SignatureScheme scheme) {
    return Optional.ofNullable(SIGNATURES.get(scheme)).orElseThrow();
  }

  byte[] toBeSigned() {
    return toBeSigned.toByteArray();
  }

  /** The whole, as a draft. */
  static byte[] signed(byte[] toBeSigned, SignatureScheme scheme) {
    return scheme.signed(toBeSigned, signature(scheme));
  }
}
