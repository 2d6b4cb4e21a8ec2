/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A private key and the certificates that vouch for it, leaf first, without the root.
 *
 * <p>An IDevID or an LDevID (IEEE 802.1AR).
 */
public record Credential(KeyPair keys, List<X509Certificate> chain) {
  /** @throws IllegalArgumentException if the chain is empty, or the keys are not the leaf's */
  public Credential {
    requireNonNull(keys, "keys");
    chain = List.copyOf(chain);
    byte[] certified = first(chain).getPublicKey().getEncoded();
    if (!Arrays.equals(certified, keys.getPublic().getEncoded())) {
      throw notTheCertificates();
    }
  }

  /**
   * As above, of a key whose public half was not kept: it has to sign for the certificate's.
   *
   * @throws IllegalArgumentException if the chain is empty, or the key is not the leaf's
   */
  public Credential(PrivateKey key, List<X509Certificate> chain) {
    this(matching(requireNonNull(key, "key"), first(chain).getPublicKey()), chain);
  }

  private static KeyPair matching(PrivateKey key, PublicKey certified) {
    if (!KeyMatch.belongTogether(key, certified)) {
      throw notTheCertificates();
    }
    return new KeyPair(certified, key);
  }

  private static X509Certificate first(List<X509Certificate> chain) {
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("chain: empty (expected: the certificate first)");
    }
    return chain.get(0);
  }

  private static IllegalArgumentException notTheCertificates() {
    return new IllegalArgumentException("the private key is not the certificate's");
  }

  /**
   * Reads two PEM files.
   *
   * @throws IllegalArgumentException naming the file that does not hold what it should
   */
  public static Credential read(Path key, Path chain) {
    PrivateKey privateKey = PemFile.privateKey(key);
    List<X509Certificate> certificates = PemFile.certificates(chain);
    try {
      return new Credential(privateKey, certificates);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          key + ": not the key of the first certificate in " + chain, e);
    }
  }

  /**
   * A key of a vault, and a file of certificates.
   *
   * @param key names the key in messages
   * @throws IllegalArgumentException naming the file that does not hold what it should
   */
  public static Credential of(URI key, KeyPair keys, Path chain) {
    List<X509Certificate> certificates = PemFile.certificates(chain);
    try {
      return new Credential(keys, certificates);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          key + ": not the key of the first certificate in " + chain, e);
    }
  }

  /** The private half, perhaps a mere handle. */
  public PrivateKey key() {
    return keys.getPrivate();
  }

  public X509Certificate leaf() {
    return chain.get(0);
  }

  /** None of its certificates was there earlier. */
  public Instant newestBeginning() {
    return chain.stream()
        .map(certificate -> certificate.getNotBefore().toInstant())
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  /** The last moment at which the leaf is valid. */
  public Instant notAfter() {
    return leaf().getNotAfter().toInstant();
  }

  /** Names the certificate; never the key. */
  @Override
  public String toString() {
    return "Credential[" + leaf().getSubjectX500Principal() + ", serial "
        + leaf().getSerialNumber().toString(16) + "]";
  }
}
