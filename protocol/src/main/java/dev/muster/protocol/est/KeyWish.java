/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The key that a CA would like to certify.
 *
 * @param algorithm object identifier of the key's algorithm
 * @param curve object identifier of the curve; null for any, or where there are no curves
 * @param rsaBits least size of an RSA modulus; 0 for any, or where there is no RSA
 */
public record KeyWish(String algorithm, @Nullable String curve, int rsaBits) {
  /** id-ecPublicKey (RFC 5480). */
  public static final String EC = "1.2.840.10045.2.1";
  /** rsaEncryption (RFC 8017). */
  public static final String RSA = "1.2.840.113549.1.1.1";
  /** id-Ed25519 (RFC 8410). */
  public static final String ED25519 = "1.3.101.112";
  /** secp256r1, also P-256. */
  public static final String P256 = "1.2.840.10045.3.1.7";
  /** secp384r1, also P-384. */
  public static final String P384 = "1.3.132.0.34";

  static final Set<String> ALGORITHMS = Set.of(EC, RSA, ED25519, "1.3.101.113");

  public KeyWish {
    requireNonNull(algorithm, "algorithm");
  }

  /** An EC key on a curve. */
  public static KeyWish ec(String curve) {
    return new KeyWish(EC, curve, 0);
  }

  /** An RSA key. */
  public static KeyWish rsa(int bits) {
    return new KeyWish(RSA, null, bits);
  }
}
