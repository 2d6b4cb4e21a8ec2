/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.CertificateLink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The key of a program of ours, with its certificate.
 *
 * @param key belongs to the first certificate of {@code chain}
 * @param chain the certificate, then its issuing CA; without the root
 */
public record ServiceCredential(PrivateKey key, List<X509Certificate> chain) {
  private static final String KEY = "key.pem";
  private static final String CERTIFICATE = "cert.pem";
  private static final String CHAIN = "chain.pem";

  /** @throws IllegalArgumentException if the key does not belong to the first certificate */
  public ServiceCredential {
    requireNonNull(key, "key");
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("chain: empty (expected: at least the certificate)");
    }
    if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new IllegalArgumentException("key: does not belong to the certificate of "
          + chain.get(0).getSubjectX500Principal().getName());
    }
  }

  /** The credential's own certificate. */
  public X509Certificate certificate() {
    return chain.get(0);
  }

  /** The key as PKCS#8 PEM. A secret. */
  public String keyPem() {
    return Pem.of(key);
  }

  /** The chain as PEM, own certificate first. */
  public String chainPem() {
    return Pem.of(chain);
  }

  /**
   * Writes {@code key.pem}, {@code cert.pem} and {@code chain.pem}, readable by the owner alone, in
   * the place of an earlier credential. Blocks.
   *
   * @throws UncheckedIOException if that fails, worded for a user
   */
  public void write(Path directory) {
    PrivateDirectory.replace(directory, staged -> {
      staged.write(KEY, keyPem());
      staged.write(CERTIFICATE, Pem.of(List.of(certificate())));
      staged.write(CHAIN, chainPem());
    });
  }

  /**
   * Reads what {@link #write} wrote. Blocks.
   *
   * @throws DamagedFileException if a file is missing, or does not fit the others
   */
  public static ServiceCredential read(Path directory) {
    PrivateKey key;
    Path keyFile = directory.resolve(KEY);
    String keyText = text(keyFile);
    try {
      key = Pem.privateKey(keyText);
    } catch (IllegalArgumentException e) {
      throw damaged(keyFile, e.getMessage(), e);
    }
    List<X509Certificate> chain = certificates(directory.resolve(CHAIN));
    List<X509Certificate> certificate = certificates(directory.resolve(CERTIFICATE));
    if (!certificate.equals(chain.subList(0, 1))) {
      throw damaged(
          directory.resolve(CERTIFICATE), "is not the first certificate of " + CHAIN, null);
    }
    for (int i = 0; i + 1 < chain.size(); i++) {
      if (!CertificateLink.issued(chain.get(i + 1), chain.get(i))) {
        throw damaged(
            directory.resolve(CHAIN),
            "certificate " + (i + 2) + " did not sign the one before",
            null);
      }
    }
    try {
      return new ServiceCredential(key, chain);
    } catch (IllegalArgumentException e) {
      throw damaged(keyFile, e.getMessage(), e);
    }
  }

  /** As {@link #read}, but looks at {@code cert.pem} alone. */
  static X509Certificate readCertificate(Path directory) {
    return certificates(directory.resolve(CERTIFICATE)).get(0);
  }

  private static List<X509Certificate> certificates(Path file) {
    try {
      return Pem.certificates(text(file));
    } catch (IllegalArgumentException e) {
      throw damaged(file, e.getMessage(), e);
    }
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw damaged(file, "cannot be read: " + e.getClass().getSimpleName(), e);
    }
  }

  private static DamagedFileException damaged(
      Path file, String problem, @org.jspecify.annotations.Nullable Throwable cause) {
    String remedy = "restore it from a backup, or delete the directory " + file.getParent()
        + " to have a new certificate issued";
    return cause == null
        ? new DamagedFileException(file, problem, remedy)
        : new DamagedFileException(file, problem, remedy, cause);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "ServiceCredential[" + certificate().getSubjectX500Principal().getName() + "]";
  }
}
