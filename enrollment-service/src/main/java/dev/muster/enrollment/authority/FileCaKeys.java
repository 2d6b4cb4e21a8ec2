/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.JcaSigningKey;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.protocol.file.StagedDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;

/** Keys in PKCS#12 files under AES-256, whose password lies beside them. */
final class FileCaKeys implements CaKeys {
  private static final String PASSWORD = "password";
  private static final String SUFFIX = ".p12";

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

  @Override
  public void prepare(StagedDirectory directory) throws IOException {
    directory.write(PASSWORD, new String(password));
  }

  @Override
  public NewKey generate(SignatureScheme scheme) {
    KeyPair pair = KeyPairs.generate(scheme);
    SigningKey key =
        new JcaSigningKey("new", pair.getPrivate(), pair.getPublic(), KeyPairs.EC_PROVIDER);
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
        contents.key(),
        contents.certificate().getPublicKey(),
        KeyPairs.EC_PROVIDER);
    return new Found(contents.file(), key, contents.certificate());
  }
}
