/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.HardenedSockets;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A TLS server that wants a certificate and answers with its subject; and the SDK as its client.
 */
public final class MutualTls implements AutoCloseable {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final TestPki.Credential root = TestPki.root("CN=Root");
  private final Path trust;
  private final SSLServerSocket server;

  /** @param protocol the only one that the server speaks */
  public MutualTls(Path folder, String protocol) throws Exception {
    trust = Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(root.certificate())));
    server = (SSLServerSocket) context().getServerSocketFactory().createServerSocket(0);
    server.setEnabledProtocols(new String[] {protocol});
    server.setNeedClientAuth(true);
    Thread thread = new Thread(this::serve, "tls-server");
    thread.setDaemon(true);
    thread.start();
  }

  private SSLContext context() throws Exception {
    TestPki.Credential identity = root.issue("CN=localhost").server().build();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, PASSWORD);
    keys.setKeyEntry(
        "server", identity.key(), PASSWORD, new X509Certificate[] {identity.certificate()});
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, PASSWORD);
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, PASSWORD);
    anchors.setCertificateEntry("root", root.certificate());
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }

  private void serve() {
    while (!server.isClosed()) {
      try (SSLSocket client = (SSLSocket) server.accept()) {
        client.startHandshake();
        String subject = client.getSession().getPeerPrincipal().getName();
        client
            .getOutputStream()
            .write((client.getSession().getProtocol() + " " + subject)
                .getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // The client hears of it, or has made it happen.
      }
    }
  }

  /** A certificate for {@code CN=d1}, for these keys. */
  public X509Certificate certify(KeyPair keys) {
    return root.issue("CN=d1").key(new KeyPair(keys.getPublic(), null)).build().certificate();
  }

  /** TLS as the SDK does it, with these keys and a certificate for them. */
  public TlsIdentity identity(KeyPair keys) {
    return TlsIdentity.of(
        new Credential(keys, List.of(certify(keys))),
        TrustAnchors.read(trust),
        DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
  }

  /** What the server says of a connection with {@code keys}. */
  public String connect(KeyPair keys) throws IOException {
    return connect(identity(keys));
  }

  /** As above, with TLS that may remember the server. */
  public String connect(TlsIdentity identity) throws IOException {
    int port = server.getLocalPort();
    Socket connected = new Socket("localhost", port);
    try (SSLSocket socket = (SSLSocket)
        new HardenedSockets(identity).createSocket(connected, "localhost", port, true)) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
