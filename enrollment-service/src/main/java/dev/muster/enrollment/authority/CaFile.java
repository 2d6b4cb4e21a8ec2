/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.protocol.file.KeyMatch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** The PKCS#12 file of one CA: its key under AES-256 (the JDK's default since 16) and its chain. */
final class CaFile {
  private static final String ALIAS = "ca";
  private static final String REMEDY =
      "restore the whole CA directory from a backup; a new CA would make every certificate of the fleet worthless";

  /** A CA as it came out of its file. */
  record Contents(Path file, PrivateKey key, X509Certificate certificate) {
    /** Without the key. */
    @Override
    public String toString() {
      return file.toString();
    }
  }

  private CaFile() {}

  static byte[] encode(PrivateKey key, char[] password, X509Certificate... chain)
      throws IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(ALIAS, key, password, chain);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, password);
      return bytes.toByteArray();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK writes no PKCS#12", e);
    }
  }

  /**
   * @throws DamagedFileException if there is no CA in the file, or its key is not that of its
   *     certificate
   */
  static Contents read(Path file, char[] password) {
    byte[] bytes = readAll(file);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(bytes), password);
      if (!(store.getKey(ALIAS, password) instanceof PrivateKey key)
          || !(certificateOf(store) instanceof X509Certificate certificate)) {
        throw damaged(file, "holds no key named \"" + ALIAS + "\"", null);
      }
      if (!KeyMatch.belongTogether(key, certificate.getPublicKey())) {
        throw damaged(file, "its key does not belong to its certificate", null);
      }
      if (certificate.getBasicConstraints() < 0) {
        throw damaged(file, "its certificate is not that of a CA", null);
      }
      return new Contents(file, key, certificate);
    } catch (IOException | GeneralSecurityException e) {
      throw damaged(file, "cannot be opened: damaged, or the password does not fit", e);
    }
  }

  private static @Nullable Certificate certificateOf(KeyStore store)
      throws GeneralSecurityException {
    return store.getCertificate(ALIAS);
  }

  /** @throws DamagedFileException if the file cannot be read, or is empty */
  static byte[] readAll(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw damaged(file, "missing", e);
    } catch (IOException e) {
      throw damaged(file, "cannot be read: " + e.getMessage(), e);
    }
    if (bytes.length == 0) {
      throw damaged(file, "empty", null);
    }
    return bytes;
  }

  static DamagedFileException damaged(Path file, String problem, @Nullable Throwable cause) {
    return cause == null
        ? new DamagedFileException(file, problem, REMEDY)
        : new DamagedFileException(file, problem, REMEDY, cause);
  }
}
