/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Connects as one certificate, or as none, to servers below our root. */
final class TlsClient {
  private static final int LIMIT_MS = 5_000;

  private static final int CONNACK = 32;

  /** A certificate and its key. */
  record Identity(PrivateKey key, List<X509Certificate> chain) {}

  /** How a try has ended. */
  record Attempt(boolean letIn, String how) {}

  private final SSLContext context;

  /** @param identity null for none */
  TlsClient(List<X509Certificate> roots, @Nullable Identity identity) {
    try {
      context = SSLContext.getInstance("TLS");
      context.init(keys(identity), trust(roots).getTrustManagers(), new SecureRandom());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManagerFactory trust(List<X509Certificate> roots)
      throws GeneralSecurityException, IOException {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    for (X509Certificate root : roots) {
      anchors.setCertificateEntry("root-" + anchors.size(), root);
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    return trust;
  }

  private static KeyManager @Nullable [] keys(@Nullable Identity identity)
      throws GeneralSecurityException, IOException {
    if (identity == null) {
      return null;
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "doctor", identity.key(), new char[0], identity.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    return keys.getKeyManagers();
  }

  /** @param protocols none for what the library offers by itself */
  SSLSocket connect(int port, String... protocols) throws IOException {
    Socket plain = new Socket();
    plain.connect(new InetSocketAddress(Patient.HOST, port), LIMIT_MS);
    plain.setSoTimeout(LIMIT_MS);
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(plain, Patient.HOST, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (protocols.length > 0) {
      parameters.setProtocols(protocols);
    }
    socket.setSSLParameters(parameters);
    try {
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Asks an MQTT server to be let in. */
  Attempt tryMqtt(int port, String clientId) {
    try (SSLSocket socket = connect(port)) {
      return askMqtt(socket, clientId);
    } catch (IOException e) {
      return new Attempt(false, "the handshake was refused");
    }
  }

  /** The same without TLS. */
  static Attempt tryPlainMqtt(int port, String clientId) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(Patient.HOST, port), LIMIT_MS);
      socket.setSoTimeout(LIMIT_MS);
      return askMqtt(socket, clientId);
    } catch (IOException e) {
      return new Attempt(false, "the connection was closed");
    }
  }

  private static Attempt askMqtt(Socket socket, String clientId) {
    try {
      socket.getOutputStream().write(mqttConnect(clientId));
      InputStream in = socket.getInputStream();
      if (in.read() != CONNACK || in.read() < 0 || in.read() < 0) {
        return new Attempt(false, "the connection was closed");
      }
      int code = in.read();
      return new Attempt(code == 0, "CONNACK " + code);
    } catch (IOException e) {
      return new Attempt(false, "the handshake was refused");
    }
  }

  /** CONNECT of MQTT 3.1.1 with a clean session and 30 s of keep-alive (section 3.1). */
  private static byte[] mqttConnect(String clientId) {
    byte[] id = clientId.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(14 + id.length)
        .put(new byte[] {16, (byte) (12 + id.length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 30})
        .putShort((short) id.length)
        .put(id)
        .array();
  }

  /** Sends a request over HTTP. @return the status; 0 if the connection was refused or closed */
  int tryHttp(int port, String request) {
    try (SSLSocket socket = connect(port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] start = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
      String line = new String(start, StandardCharsets.US_ASCII);
      return line.startsWith("HTTP/1.") ? Integer.parseInt(line.substring(9)) : 0;
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }
}
