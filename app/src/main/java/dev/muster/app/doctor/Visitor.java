/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.operator.TrustedRoots;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Calls at servers below our root, as one certificate or as nobody. */
final class Visitor {
  private static final int LIMIT_MS = 5_000;

  /** A certificate and its key. */
  record Identity(PrivateKey key, List<X509Certificate> chain) {}

  /** What is said at the door. */
  interface Words {
    Attempt say(Socket socket) throws IOException;
  }

  private final ShownKey key;
  private final SSLContext context;
  private final int limitMs;

  /** @param identity null for none */
  Visitor(List<X509Certificate> roots, @Nullable Identity identity) {
    this(roots, identity, LIMIT_MS);
  }

  /** @param limitMs how long to wait for an answer */
  Visitor(List<X509Certificate> roots, @Nullable Identity identity, int limitMs) {
    this.key = new ShownKey(identity);
    this.context = TrustedRoots.tls(roots, key);
    this.limitMs = limitMs;
  }

  /** Whether any server has asked for a certificate, and so was shown the one that there is. */
  boolean wasAsked() {
    return key.timesAsked() > 0;
  }

  /** Connects, and says something. */
  Attempt visit(int port, Words words) {
    int before = key.timesAsked();
    try (SSLSocket socket = connect(port)) {
      return words.say(socket);
    } catch (IOException e) {
      return failed(e, key.timesAsked() > before);
    }
  }

  /**
   * Only who has asked for a certificate can have turned it away.
   *
   * @param asked in this visit: what an earlier one has shown says nothing of why this one failed
   */
  private static Attempt failed(IOException e, boolean asked) {
    if (isOurMistrust(e)) {
      return Attempt.unknown("not the server that we trust: " + e.getMessage());
    }
    boolean theirs = asked && !(e instanceof SocketTimeoutException);
    return theirs
        ? Attempt.turnedAway("the handshake was refused (" + e.getMessage() + ")")
        : Attempt.unknown("no answer: " + e.getMessage());
  }

  /** Whether it was us who found fault with the server's certificate. */
  static boolean isOurMistrust(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return true;
      }
    }
    return false;
  }

  /** @param protocols none for what the library offers by itself */
  SSLSocket connect(int port, String... protocols) throws IOException {
    Socket plain = plain(port, limitMs);
    try {
      SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, Patient.HOST, port, true);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      if (protocols.length > 0) {
        parameters.setProtocols(protocols);
      }
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return socket;
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  /** A connection without TLS. */
  static Socket plain(int port) throws IOException {
    return plain(port, LIMIT_MS);
  }

  private static Socket plain(int port, int limitMs) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(Patient.HOST, port), limitMs);
      socket.setSoTimeout(limitMs);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }
}
