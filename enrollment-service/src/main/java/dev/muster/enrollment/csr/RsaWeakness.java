/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * RSA moduli that somebody can factor because of how they were made. Public knowledge about bad
 * generators; a modulus that passes is not proven good.
 *
 * <p>Costs about a millisecond for 3072 bits, and never more than some milliseconds.
 */
final class RsaWeakness {
  /** No honest prime of 1024 bits and more is below. */
  private static final int SMALL_PRIMES_BELOW = 8192;

  /** The factors of a modulus whose primes are next neighbours fall in the first round or two. */
  private static final int FERMAT_ROUNDS = 100;

  /** The primes of ROCA's fingerprint, and the generator of the keys that it recognizes. */
  private static final int ROCA_LARGEST_PRIME = 167;

  private static final int ROCA_GENERATOR = 65537;

  private static final BigInteger PRIMORIAL = primesBelow(SMALL_PRIMES_BELOW).stream()
      .map(BigInteger::valueOf)
      .reduce(BigInteger.ONE, BigInteger::multiply);
  private static final List<Residues> ROCA = primesBelow(ROCA_LARGEST_PRIME + 1).stream()
      .filter(prime -> prime > 2)
      .map(Residues::of)
      .toList();

  private RsaWeakness() {}

  /** @return what is wrong with the modulus; empty if it is none of the known weaknesses */
  static Optional<String> find(BigInteger modulus) {
    if (!modulus.gcd(PRIMORIAL).equals(BigInteger.ONE)) {
      return Optional.of("RSA modulus with a small factor (expected: two large primes)");
    }
    if (isRoca(modulus)) {
      return Optional.of(
          "RSA key of a flawed generator (CVE-2017-15361, ROCA; expected: one made elsewhere)");
    }
    if (hasCloseFactors(modulus)) {
      return Optional.of("RSA modulus of two close primes (expected: primes far apart)");
    }
    return Optional.empty();
  }

  /**
   * The flawed library's primes are powers of 65537 modulo a product of small primes, and so are
   * their products. An honest modulus is that for all of these primes once in 10^8 keys.
   */
  private static boolean isRoca(BigInteger modulus) {
    return ROCA.stream().allMatch(residues -> residues.contain(modulus));
  }

  /** The powers of 65537 modulo a prime. */
  private record Residues(BigInteger prime, BitSet powers) {
    static Residues of(int prime) {
      BitSet powers = new BitSet(prime);
      for (int power = 1; !powers.get(power); power = power * (ROCA_GENERATOR % prime) % prime) {
        powers.set(power);
      }
      return new Residues(BigInteger.valueOf(prime), powers);
    }

    boolean contain(BigInteger number) {
      return powers.get(number.mod(prime).intValue());
    }
  }

  /** Fermat's method: with close primes, (p+q)/2 is just above the root of p*q. */
  private static boolean hasCloseFactors(BigInteger modulus) {
    BigInteger middle = modulus.sqrt();
    if (middle.multiply(middle).compareTo(modulus) < 0) {
      middle = middle.add(BigInteger.ONE);
    }
    BigInteger rest = middle.multiply(middle).subtract(modulus);
    for (int round = 0; round < FERMAT_ROUNDS; round++) {
      if (isSquare(rest)) {
        return true;
      }
      rest = rest.add(middle.shiftLeft(1)).add(BigInteger.ONE);
      middle = middle.add(BigInteger.ONE);
    }
    return false;
  }

  private static boolean isSquare(BigInteger number) {
    return mayBeSquare(number) && number.sqrtAndRemainder()[1].signum() == 0;
  }

  /** Spares most of the roots: of 64 numbers in a row, 12 look like squares. */
  private static boolean mayBeSquare(BigInteger number) {
    int low = number.intValue() & 63;
    for (int root = 0; root < 32; root++) {
      if ((root * root & 63) == low) {
        return true;
      }
    }
    return false;
  }

  private static List<Integer> primesBelow(int end) {
    BitSet composite = new BitSet(end);
    List<Integer> primes = new ArrayList<>();
    for (int candidate = 2; candidate < end; candidate++) {
      if (!composite.get(candidate)) {
        primes.add(candidate);
        for (int multiple = 2 * candidate; multiple < end; multiple += candidate) {
          composite.set(multiple);
        }
      }
    }
    return primes;
  }
}
