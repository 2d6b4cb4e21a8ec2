/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECPublicKeySpec;
import org.bouncycastle.jce.ECNamedCurveTable;
import org.bouncycastle.math.ec.ECPoint;

/** The public half of a key of which only the private half was kept; the JDK cannot compute it. */
final class PublicKeys {
  private PublicKeys() {}

  /** @throws IllegalArgumentException if {@code key} is not on P-256 */
  static PublicKey of(PrivateKey key) {
    if (!(key instanceof ECPrivateKey ec) || ec.getParams().getOrder().bitLength() != 256) {
      throw new IllegalArgumentException(
          "private key: " + key.getAlgorithm() + " (expected: EC on P-256)");
    }
    ECPoint point = ECNamedCurveTable.getParameterSpec("secp256r1")
        .getG()
        .multiply(ec.getS())
        .normalize();
    java.security.spec.ECPoint w = new java.security.spec.ECPoint(
        point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
    try {
      return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(w, ec.getParams()));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("private key: not on P-256", e);
    }
  }
}
