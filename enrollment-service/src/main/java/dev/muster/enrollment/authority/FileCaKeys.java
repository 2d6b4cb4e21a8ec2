/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.issuance.JcaSigningKey;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.protocol.file.StagedDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;

/** Keys in PKCS#12 files under AES-256, whose password lies beside them. */
final class FileCaKeys implements CaKeys {
  private static final String PASSWORD = "password";
  private static final String SUFFIX = ".p12";

  /** Signs with keys of the JDK's making as well, and many times faster. */
  private static final Provider SIGNING =
      CryptoProviders.fastest().tls().orElse(KeyPairs.EC_PROVIDER);

  private final char[] password;

  private FileCaKeys(char[] password) {
    this.password = password;
  }

  /** For a new directory: with a password of 256 bits. */
  static FileCaKeys fresh(SecureRandom random) {
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    return new FileCaKeys(
        Base64.getUrlEncoder().withoutPadding().encodeToString(secret).toCharArray());
  }

  /** For a directory that is there. @throws DamagedFileException if its password cannot be read */
  static FileCaKeys in(Path directory) {
    byte[] secret = CaFile.readAll(directory.resolve(PASSWORD));
    return new FileCaKeys(new String(secret, StandardCharsets.US_ASCII).strip().toCharArray());
  }

  /** Whether a directory holds CAs whose keys are in files. */
  static boolean areOf(Path directory, String name) {
    return Files.exists(directory.resolve(name + SUFFIX));
  }

  @Override
  public void prepare(StagedDirectory directory) throws IOException {
    directory.write(PASSWORD, new String(password));
  }

  @Override
  public NewKey generate(SignatureScheme scheme) {
    KeyPair pair = KeyPairs.generate(scheme);
    SigningKey key = new JcaSigningKey("new", pair.getPrivate(), pair.getPublic(), SIGNING);
    return new NewKey() {
      @Override
      public SigningKey key() {
        return key;
      }

      @Override
      public void keep(StagedDirectory directory, String name, X509Certificate... chain)
          throws IOException {
        directory.write(name + SUFFIX, CaFile.encode(pair.getPrivate(), password, chain));
      }
    };
  }

  @Override
  public Found find(Path directory, String name) {
    CaFile.Contents contents = CaFile.read(directory.resolve(name + SUFFIX), password);
    SigningKey key = new JcaSigningKey(
        contents.file().toString(),
        translated(contents.key()),
        contents.certificate().getPublicKey(),
        SIGNING);
    return new Found(contents.file(), key, contents.certificate());
  }

  /** Once, not with every signature. */
  private static PrivateKey translated(PrivateKey key) {
    try {
      return (PrivateKey) KeyFactory.getInstance(key.getAlgorithm(), SIGNING).translateKey(key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key from a file is not for " + SIGNING.getName(), e);
    }
  }
}
