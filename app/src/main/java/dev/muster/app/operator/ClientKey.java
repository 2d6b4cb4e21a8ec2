/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import dev.muster.app.UserError;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** The key by which a client shows who it is in TLS. */
final class ClientKey {
  private ClientKey() {}

  /** @throws UserError unless key and chain are there, and belong together */
  static KeyManager read(Path directory) {
    try {
      PrivateKey key = PemFile.privateKey(directory.resolve("key.pem"));
      List<X509Certificate> chain = PemFile.certificates(directory.resolve("chain.pem"));
      if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
        throw new UserError(directory + ": key.pem is not the key of chain.pem, "
            + chain.get(0).getSubjectX500Principal().getName()
            + " (expected: both of one certificate)");
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("operator", key, new char[0], chain.toArray(X509Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, new char[0]);
      return keys.getKeyManagers()[0];
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new UserError(
          directory + ": not readable (expected: key.pem and chain.pem)",
          "muster admin certificates issue --role operator --name NAME --out DIR makes it");
    } catch (IOException | GeneralSecurityException e) {
      throw new UserError(directory + ": " + e.getMessage());
    }
  }
}
