/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.protocol.est.KeyWish;
import dev.muster.protocol.identity.Quoted;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The kinds of keys that we certify. */
public enum KeyKind {
  P256("p-256", KeyWish.ec(KeyWish.P256)),
  P384("p-384", KeyWish.ec(KeyWish.P384)),
  RSA("rsa", KeyWish.rsa(3072)),
  ED25519("ed25519", new KeyWish(KeyWish.ED25519, null, 0));

  private static final int P256_BITS = 256;

  private final String label;
  private final KeyWish wish;

  KeyKind(String label, KeyWish wish) {
    this.label = label;
    this.wish = wish;
  }

  /** As settings and messages name it. */
  public String label() {
    return label;
  }

  /** How to ask a client for such a key. */
  public KeyWish wish() {
    return wish;
  }

  /** @param key one that passed {@link CsrVerifier} */
  public static KeyKind of(PublicKey key) {
    if (key instanceof ECPublicKey ec) {
      return ec.getParams().getCurve().getField().getFieldSize() == P256_BITS ? P256 : P384;
    }
    return key.getAlgorithm().equals("RSA") ? RSA : ED25519;
  }

  /** @throws IllegalArgumentException if there is no such kind */
  public static KeyKind of(String label) {
    for (KeyKind kind : values()) {
      if (kind.label.equals(label)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("key: " + Quoted.of(label) + " (expected: one of "
        + Arrays.stream(values()).map(KeyKind::label).collect(Collectors.joining(", ")) + ")");
  }
}
