/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.key.KeyVault;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;

/** Keys as PKCS#8 PEM that only their owner reads: {@code key.pem} in the folder of each. */
public final class FileKeys implements KeyVault {
  private static final String KEY = "key.pem";

  static boolean areIn(Path folder) {
    return Files.exists(folder.resolve(KEY));
  }

  @Override
  public KeyPair create(Path folder) {
    KeyPair keys = newKey();
    Path file = folder.resolve(KEY);
    try {
      DurableFiles.write(file, Pem.of(keys.getPrivate()));
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written", e);
    }
    return keys;
  }

  @Override
  public KeyPair load(Path folder) {
    PrivateKey key = PemFile.privateKey(folder.resolve(KEY));
    return new KeyPair(PublicKeys.of(key), key);
  }

  @Override
  public void delete(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(KEY));
    } catch (IOException e) {
      throw new UncheckedIOException(folder.resolve(KEY) + ": cannot be deleted", e);
    }
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("P-256 is missing from this Java runtime", e);
    }
  }
}
