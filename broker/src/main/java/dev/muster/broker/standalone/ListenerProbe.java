/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.hivemq.extension.sdk.api.client.parameter.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Begins a TLS connection to see what a listener asks of its clients; the SDK does not tell. */
final class ListenerProbe {
  private static final int TIMEOUT_MS = 5_000;

  private ListenerProbe() {}

  /** Whether it asks for a certificate; also true if there is no answer. Blocks. */
  static boolean asksForCertificates(Listener listener) {
    Asked asked = new Asked();
    try (Socket plain = new Socket()) {
      plain.connect(address(listener), TIMEOUT_MS);
      plain.setSoTimeout(TIMEOUT_MS);
      try (SSLSocket tls = (SSLSocket) context(asked)
          .getSocketFactory()
          .createSocket(plain, listener.getBindAddress(), listener.getPort(), true)) {
        tls.startHandshake();
        return asked.forCertificate;
      }
    } catch (IOException e) {
      // With TLS 1.2 it ends so when it has asked, and got none.
      return true;
    }
  }

  private static InetSocketAddress address(Listener listener) throws IOException {
    InetAddress bound = InetAddress.getByName(listener.getBindAddress());
    return new InetSocketAddress(
        bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound, listener.getPort());
  }

  private static SSLContext context(Asked asked) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {asked}, new TrustManager[] {new Anybody()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has no certificate, and notes that it was asked for one. */
  private static final class Asked implements X509KeyManager {
    private volatile boolean forCertificate;

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      forCertificate = true;
      return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return null;
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return null;
    }
  }

  /** Takes any server: nothing is told to it. */
  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
