/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
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
    if (!belongTogether(key, chain.get(0).getPublicKey())) {
      throw new IllegalArgumentException("the private key is not the certificate's");
    }
  }

  /**
   * Reads two PEM files.
   *
   * @throws IllegalArgumentException naming the file that does not hold what it should
   */
  public static Credential read(Path key, Path chain) {
    PrivateKey privateKey = Pem.readKey(key);
    List<X509Certificate> certificates = Pem.readCertificates(chain);
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

  static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
    try {
      byte[] probe = "muster".getBytes(StandardCharsets.US_ASCII);
      String algorithm = signatureAlgorithm(privateKey.getAlgorithm());
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(privateKey);
      signer.update(probe);
      byte[] signature = signer.sign();
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(publicKey);
      verifier.update(probe);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String signatureAlgorithm(String keyAlgorithm) {
    if (keyAlgorithm.equals("EC")) {
      return "SHA256withECDSA";
    }
    return keyAlgorithm.equals("RSA") ? "SHA256withRSA" : keyAlgorithm;
  }
}
