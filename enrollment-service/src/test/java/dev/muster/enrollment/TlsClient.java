/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Locale.ROOT;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A TLS connection to EST on which every byte is ours, by the JDK. */
final class TlsClient implements AutoCloseable {
  private static final String CHUNKED = "transfer-encoding: chunked";
  private static final String LAST_CHUNK = "\r\n0\r\n\r\n";

  private static final int PATIENCE_MS = 60_000;

  private final SSLSocket socket;

  private TlsClient(SSLSocket socket) {
    this.socket = socket;
  }

  /** Shakes hands. @param idevid shown to the server; null for none */
  static TlsClient connect(RunningService service, TestPki.@Nullable Credential idevid)
      throws IOException {
    return connect(service, idevid, "127.0.0.1");
  }

  /** As above. @param from one of our addresses, which are all of 127.0.0.0/8 */
  static TlsClient connect(RunningService service, TestPki.@Nullable Credential idevid, String from)
      throws IOException {
    SSLSocket socket = (SSLSocket) context(service.authorities.root(), idevid)
        .getSocketFactory()
        .createSocket("127.0.0.1", service.service().estPort(), InetAddress.getByName(from), 0);
    try {
      socket.setSoTimeout(PATIENCE_MS);
      socket.startHandshake();
      return new TlsClient(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  static SSLContext context(X509Certificate root, TestPki.@Nullable Credential idevid) {
    try {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setCertificateEntry("root", root);
      if (idevid != null) {
        keys.setKeyEntry(
            "device", idevid.key(), new char[0], idevid.chain().toArray(Certificate[]::new));
      }
      KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("SunX509");
      keyManagers.init(keys, new char[0]);
      TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
      trustManagers.init(keys);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), new SecureRandom());
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** All that comes until the server closes, which it has to. */
  String untilClosed() {
    StringBuilder heard = new StringBuilder();
    byte[] buffer = new byte[4096];
    try {
      for (int n = socket.getInputStream().read(buffer);
          n >= 0;
          n = socket.getInputStream().read(buffer)) {
        heard.append(new String(buffer, 0, n, ISO_8859_1));
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("not closed in time; heard: " + heard, e);
    } catch (IOException e) {
      // Reset, which is closed too.
    }
    return heard.toString();
  }

  /** The head and the body of one answer, as long as it says or in chunks; no body of HEAD's. */
  String answer(boolean head) throws IOException {
    StringBuilder heard = new StringBuilder();
    while (heard.indexOf("\r\n\r\n") < 0) {
      heard.append((char) next());
    }
    int length = heard
        .toString()
        .lines()
        .filter(line -> line.startsWith("Content-Length: "))
        .mapToInt(line -> Integer.parseInt(line.substring(16).strip()))
        .findFirst()
        .orElse(0);
    for (int i = 0; !head && i < length; i++) {
      heard.append((char) next());
    }
    boolean chunked = !head && heard.toString().toLowerCase(ROOT).contains("\r\n" + CHUNKED);
    while (chunked && heard.lastIndexOf(LAST_CHUNK) != heard.length() - LAST_CHUNK.length()) {
      heard.append((char) next());
    }
    return heard.toString();
  }

  private int next() throws IOException {
    int octet = socket.getInputStream().read();
    if (octet < 0) {
      throw new IOException("closed");
    }
    return octet;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
