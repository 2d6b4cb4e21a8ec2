/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.client.parameter.ListenerType;
import dev.muster.broker.mqtt.FleetExtension;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Looks at the started broker from outside. HiveMQ starts with open doors when its file is broken
 * or an extension fails, and says so only in its log.
 */
final class SelfCheck {
  private static final int TIMEOUT_MS = 5_000;

  /** MQTT 5 CONNECT, clean start, keep-alive 60 s, client id "probe" (MQTT 5, 3.1). */
  private static final byte[] CONNECT = {
    0x10, 0x12, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0, 5, 'p', 'r', 'o', 'b', 'e'
  };

  private SelfCheck() {}

  /**
   * Checks that there is one listener, ours, and that it lets nobody in without a certificate.
   *
   * @return the port of the listener
   * @throws StartFailedException if anything is not as asked for
   */
  static int run(FleetExtension extension, BrokerConfig config, X509Certificate server) {
    if (!extension.isRunning()) {
      throw new StartFailedException("self-check: the broker's extension did not start");
    }
    List<Listener> listeners = extension.listeners();
    boolean asAsked = listeners.size() == 1
        && listeners.get(0).getListenerType() == ListenerType.TLS_TCP_LISTENER
        && listeners.get(0).getBindAddress().equals(config.host())
        && (config.mqttPort() == 0 || listeners.get(0).getPort() == config.mqttPort());
    if (!asAsked) {
      throw new StartFailedException(
          "self-check: the broker's listeners are not those that were asked for: "
              + listeners.stream().map(SelfCheck::describe).toList());
    }
    int port = listeners.get(0).getPort();
    probe(new InetSocketAddress(reachable(config.host()), port), server);
    return port;
  }

  /** Whether the listener shows this certificate to new connections. */
  static boolean shows(BrokerConfig config, int port, X509Certificate server) {
    Expecting expected = new Expecting(server);
    InetSocketAddress address = new InetSocketAddress(reachable(config.host()), port);
    try (Socket plain = new Socket()) {
      plain.connect(address, TIMEOUT_MS);
      plain.setSoTimeout(TIMEOUT_MS);
      isLetIn(plain, address, expected);
    } catch (IOException e) {
      return false;
    }
    return expected.seen;
  }

  private static String describe(Listener listener) {
    return listener.getListenerType() + " " + listener.getBindAddress() + ":" + listener.getPort();
  }

  private static String reachable(String host) {
    return switch (host) {
      case "0.0.0.0" -> "127.0.0.1";
      case "::", "[::]" -> "::1";
      default -> host;
    };
  }

  /**
   * Connects without a certificate: the server must show ours, and must not say CONNACK success.
   */
  private static void probe(InetSocketAddress address, X509Certificate server) {
    Expecting expected = new Expecting(server);
    boolean letIn;
    try (Socket plain = new Socket()) {
      plain.connect(address, TIMEOUT_MS);
      plain.setSoTimeout(TIMEOUT_MS);
      letIn = isLetIn(plain, address, expected);
    } catch (IOException e) {
      throw new StartFailedException("self-check: no answer from " + address + ": " + e, e);
    }
    if (letIn) {
      throw new StartFailedException(
          "self-check: the broker let in a client without a certificate; it was stopped");
    }
    if (!expected.seen) {
      throw new StartFailedException(
          "self-check: what listens on " + address + " does not show our server certificate");
    }
  }

  private static boolean isLetIn(Socket plain, InetSocketAddress address, Expecting expected) {
    try (SSLSocket tls = (SSLSocket) context(expected)
        .getSocketFactory()
        .createSocket(plain, address.getHostString(), address.getPort(), true)) {
      tls.startHandshake();
      tls.getOutputStream().write(CONNECT);
      tls.getOutputStream().flush();
      InputStream in = tls.getInputStream();
      byte[] connack = in.readNBytes(4);
      return connack.length == 4 && connack[0] == 0x20 && connack[3] == 0;
    } catch (SSLException e) {
      // Refused, as it must be: by an alert in the handshake, or after it with TLS 1.3.
      return false;
    } catch (IOException e) {
      // The broker may close before the alert is read; a connection that says nothing is no way in.
      return false;
    }
  }

  private static SSLContext context(Expecting expected) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {expected}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Takes our own server certificate, by its bytes. */
  private static final class Expecting implements X509TrustManager {
    private final X509Certificate server;
    private volatile boolean seen;

    Expecting(X509Certificate server) {
      this.server = server;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("not a server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      if (!chain[0].equals(server)) {
        throw new CertificateException("another certificate");
      }
      seen = true;
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
