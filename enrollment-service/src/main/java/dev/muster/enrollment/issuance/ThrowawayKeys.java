/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Provider;
import java.security.Security;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keys that stand in for those of our CAs while a certificate is only a draft: one for each way of
 * signing, made when the process starts, trusted by nobody and never written anywhere. A draft that
 * got out would be worth nothing.
 */
final class ThrowawayKeys {
  private static final Map<SignatureScheme, SigningKey> KEYS = new EnumMap<>(SignatureScheme.class);

  static {
    for (SignatureScheme scheme : SignatureScheme.values()) {
      KEYS.put(scheme, generate(scheme));
    }
  }

  private ThrowawayKeys() {}

  /** A key of the same kind as one that signs so. */
  static SigningKey of(SignatureScheme scheme) {
    return Optional.ofNullable(KEYS.get(scheme)).orElseThrow();
  }

  private static SigningKey generate(SignatureScheme scheme) {
    Provider provider = CryptoProviders.fastest().tls().orElse(Security.getProvider("SunEC"));
    try {
      KeyPair keys = scheme.generate(provider);
      return new JcaSigningKey("throwaway", keys.getPrivate(), keys.getPublic(), provider);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no keys for " + scheme, e);
    }
  }
}
