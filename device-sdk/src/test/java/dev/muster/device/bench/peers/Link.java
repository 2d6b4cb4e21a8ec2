/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Where to connect, and the files to do it with, in PEM.
 *
 * @param folder with {@code root.pem}, {@code own.key} and {@code own.pem}
 */
record Link(String host, int port, Path folder) {
  Path root() {
    return folder.resolve("root.pem");
  }

  Path key() {
    return folder.resolve("own.key");
  }

  Path chain() {
    return folder.resolve("own.pem");
  }

  KeyManagerFactory keys() throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    store.setKeyEntry("own", privateKey(), new char[0], certificates(chain()));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    return keys;
  }

  TrustManagerFactory trust() throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    store.setCertificateEntry("root", certificates(root())[0]);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    return trust;
  }

  SSLContext context() throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys().getKeyManagers(), trust().getTrustManagers(), null);
    return context;
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private PrivateKey privateKey() throws IOException, GeneralSecurityException {
    String body = Files.readString(key()).replaceAll("-----[^-]+-----|\\s", "");
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
  }

  private static Certificate[] certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(in)
          .toArray(Certificate[]::new);
    }
  }
}
