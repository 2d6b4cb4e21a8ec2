/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.protocol.file.KeyMatch;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EllipticCurve;
import javax.crypto.KeyAgreement;

/**
 * The public half of a key of which only the private half was kept. The JDK has no method for it,
 * but agreeing upon a secret with the curve's generator in the place of the other's key gives its
 * first coordinate; the second is one of two roots.
 */
public final class PublicKeys {
  private static final BigInteger THREE = BigInteger.valueOf(3);

  private PublicKeys() {}

  /** @throws IllegalArgumentException if {@code key} is not on P-256 */
  public static PublicKey of(PrivateKey key) {
    if (!(key instanceof ECPrivateKey ec) || ec.getParams().getOrder().bitLength() != 256) {
      throw new IllegalArgumentException(
          "private key: " + key.getAlgorithm() + " (expected: EC on P-256)");
    }
    try {
      return find(ec, ec.getParams());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("private key: not on P-256", e);
    }
  }

  private static PublicKey find(ECPrivateKey key, ECParameterSpec parameters)
      throws GeneralSecurityException {
    KeyFactory factory = KeyFactory.getInstance("EC");
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(key);
    agreement.doPhase(
        factory.generatePublic(new ECPublicKeySpec(parameters.getGenerator(), parameters)), true);
    BigInteger x = new BigInteger(1, agreement.generateSecret());
    BigInteger prime = ((ECFieldFp) parameters.getCurve().getField()).getP();
    BigInteger y = root(x, parameters.getCurve(), prime);
    PublicKey one = factory.generatePublic(new ECPublicKeySpec(new ECPoint(x, y), parameters));
    return KeyMatch.belongTogether(key, one)
        ? one
        : factory.generatePublic(
            new ECPublicKeySpec(new ECPoint(x, prime.subtract(y)), parameters));
  }

  /** A root of x^3 + ax + b; as the prime of P-256 is 3 modulo 4, a power of it. */
  private static BigInteger root(BigInteger x, EllipticCurve curve, BigInteger prime) {
    BigInteger square = x.modPow(THREE, prime).add(curve.getA().multiply(x)).add(curve.getB());
    return square.modPow(prime.add(BigInteger.ONE).shiftRight(2), prime);
  }
}
