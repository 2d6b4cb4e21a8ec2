/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * A private key and the certificates that vouch for it, leaf first, without the root.
 *
 * <p>An IDevID or an LDevID (IEEE 802.1AR).
 */
public record Credential(PrivateKey key, List<X509Certificate> chain) {
  /** @throws IllegalArgumentException if the chain is empty, or the key is not the leaf's */
  public Credential {
    requireNonNull(key, "key");
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("chain: empty (expected: the certificate first)");
    }
    if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new IllegalArgumentException("the private key is not the certificate's");
    }
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
