/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.SignatureScheme;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.spec.X509EncodedKeySpec;

/** Key pairs of our own making, and whether one CA issued another's certificate. */
final class KeyPairs {
  /** The JDK's own; named, because other providers may come and go. */
  static final Provider EC_PROVIDER = provider("SunEC");

  private KeyPairs() {}

  private static Provider provider(String name) {
    Provider provider = Security.getProvider(name);
    if (provider == null) {
      throw new IllegalStateException("provider: " + name + " missing (expected: a whole JDK)");
    }
    return provider;
  }

  static KeyPair generate(SignatureScheme scheme) {
    try {
      return scheme.generate(EC_PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no keys for " + scheme, e);
    }
  }

  /** The same key, in the hands of the JDK: what a token gives is a handle that dies with it. */
  static PublicKey detached(PublicKey key) {
    try {
      return KeyFactory.getInstance("EC", EC_PROVIDER)
          .generatePublic(new X509EncodedKeySpec(key.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a public key without an encoding", e);
    }
  }
}
