/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A server on this machine that answers each caller in the same way. */
public final class Door implements AutoCloseable {
  private static final String HOST = "localhost";

  /** CONNACK of MQTT 3.1.1, accepted. */
  public static final byte[] WELCOME = {32, 2, 0, 0};

  /** Sockets that are bound, and do not listen. */
  private static final List<Socket> TAKEN = new CopyOnWriteArrayList<>();

  /** What it does with a caller. */
  public interface Answer {
    void give(Socket caller) throws IOException;
  }

  private final ServerSocket server;
  private final Answer answer;
  private final List<X509Certificate> shown = new CopyOnWriteArrayList<>();
  private final Thread thread;

  private Door(ServerSocket server, Answer answer) {
    this.server = server;
    this.answer = answer;
    thread = new Thread(this::serve, "door");
    thread.setDaemon(true);
    thread.start();
  }

  public static Door plain(Answer answer) throws IOException {
    return new Door(new ServerSocket(0, 50, InetAddress.getByName(HOST)), answer);
  }

  /** @param wanted who may come in; null if no certificate is asked for */
  public static Door tls(Credential credential, TrustManager wanted, Answer answer)
      throws IOException {
    SSLServerSocket server = (SSLServerSocket) context(credential, wanted)
        .getServerSocketFactory()
        .createServerSocket(0, 50, InetAddress.getByName(HOST));
    server.setNeedClientAuth(wanted != null);
    return new Door(server, answer);
  }

  private static SSLContext context(Credential credential, TrustManager wanted) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "door",
          credential.key(),
          new char[0],
          credential.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys.getKeyManagers(), wanted == null ? null : new TrustManager[] {wanted}, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Names one CA to the caller, and takes, or takes not, whatever comes. */
  public record Wanted(X509Certificate named, boolean takes) implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws java.security.cert.CertificateException {
      if (!takes) {
        throw new java.security.cert.CertificateException("foreign");
      }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      throw new IllegalStateException("no server calls here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[] {named};
    }
  }

  /** Answers once the whole CONNECT of a client of that name has come. */
  public static Answer mqtt(String clientId, byte... connack) {
    return caller -> {
      caller.getInputStream().readNBytes(14 + clientId.length());
      caller.getOutputStream().write(connack);
    };
  }

  /** Answers any request in the same way. */
  public static Answer http(String answer) {
    return caller -> {
      request(caller);
      caller.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
    };
  }

  /** A request, without its body. */
  public static String request(Socket caller) throws IOException {
    InputStream in = caller.getInputStream();
    StringBuilder text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        break;
      }
      text.append((char) c);
    }
    return text.toString();
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket caller = server.accept()) {
        if (caller instanceof SSLSocket tls) {
          tls.startHandshake();
          if (tls.getNeedClientAuth()) {
            shown.add((X509Certificate) tls.getSession().getPeerCertificates()[0]);
          }
        }
        answer.give(caller);
      } catch (IOException e) {
        // The caller is gone, or the test is over.
      }
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  /** The certificates that callers have shown. */
  public List<X509Certificate> shown() {
    return shown;
  }

  /** Returns when nobody can come in any more: who calls meanwhile may still be let in. */
  @Override
  public void close() throws IOException {
    server.close();
    try {
      thread.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A port that nobody listens on, nor can as long as this program runs: it is taken. */
  public static int closed() throws IOException {
    Socket taken = new Socket();
    taken.bind(new InetSocketAddress(0));
    TAKEN.add(taken);
    return taken.getLocalPort();
  }
}
