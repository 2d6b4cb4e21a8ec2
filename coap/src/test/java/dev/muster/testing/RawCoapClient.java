/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.jspecify.annotations.Nullable;

/** Sends CoAP messages as they are written down, octet by octet, in a session of DTLS. */
public final class RawCoapClient implements AutoCloseable {
  private static final HexFormat HEX = HexFormat.of();
  private static final int EMPTY = 0;
  private static final int CON = 0;
  private static final int ACK = 2;

  /** What carries messages. */
  private interface Carrier {
    void send(byte[] message);

    void close();
  }

  private final Carrier carrier;
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
  private int messageId = 0x1000;

  /** By Scandium. */
  public RawCoapClient(int port, X509Certificate root, TestPki.Credential identity)
      throws IOException {
    AddressEndpointContext server =
        new AddressEndpointContext(new InetSocketAddress("127.0.0.1", port));
    DTLSConnector connector = new DTLSConnector(new DtlsConnectorConfig.Builder(new Configuration()
            .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
            .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
            .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1))
        .setAddress(new InetSocketAddress("127.0.0.1", 0))
        .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
            .setTrustedCertificates(root)
            .build())
        .setCertificateIdentityProvider(new SingleCertificateProvider(
            identity.key(),
            identity.chain().toArray(X509Certificate[]::new),
            List.of(CertificateType.X_509)))
        .build());
    connector.setRawDataReceiver(raw -> received.add(raw.getBytes()));
    connector.start();
    carrier = new Carrier() {
      @Override
      public void send(byte[] message) {
        connector.send(RawData.outbound(message, server, null, false));
      }

      @Override
      public void close() {
        connector.destroy();
      }
    };
  }

  private RawCoapClient(Process openssl) {
    Thread reader = new Thread(() -> receive(openssl), "openssl");
    reader.setDaemon(true);
    reader.start();
    carrier = new Carrier() {
      @Override
      public void send(byte[] message) {
        try {
          openssl.getOutputStream().write(message);
          openssl.getOutputStream().flush();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public void close() {
        openssl.destroy();
      }
    };
  }

  /**
   * By OpenSSL, once it has shaken hands; if it gave that up, it begins anew. What it is given at a
   * time is a record.
   *
   * @param folder with {@code root.pem}, and {@code <name>.key} and {@code <name>.pem}
   * @param options besides those
   */
  public static RawCoapClient byOpenssl(Path folder, int port, String name, String... options)
      throws IOException {
    Path log = folder.resolve(name + "-openssl.log");
    List<String> command = new ArrayList<>(List.of(
        PeerProgram.require("openssl").executable().toString(),
        "s_client",
        "-brief",
        "-ign_eof",
        "-nbio", // Or it waits for data when a message of the handshake has come again.
        "-dtls1_2",
        "-groups",
        "P-256",
        "-connect",
        "127.0.0.1:" + port,
        "-CAfile",
        "root.pem",
        "-verify_return_error",
        "-cert",
        name + ".pem",
        "-key",
        name + ".key"));
    String chain = Files.readString(folder.resolve(name + ".pem"));
    int above = chain.indexOf("-----BEGIN", 1);
    if (above > 0) {
      Path issuers = folder.resolve(name + "-issuers.pem");
      Files.writeString(issuers, chain.substring(above));
      command.addAll(List.of("-cert_chain", issuers.toString()));
    }
    command.addAll(List.of(options));
    for (int times = 0; times < 5; times++) {
      Process openssl = new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectError(log.toFile())
          .start();
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> !openssl.isAlive() || isConnected(log));
      if (isConnected(log)) {
        return new RawCoapClient(openssl);
      }
    }
    throw new AssertionError(Files.readString(log));
  }

  private static boolean isConnected(Path log) throws IOException {
    return Files.readString(log).contains("CONNECTION ESTABLISHED");
  }

  /** Options of {@link #byOpenssl}: it offers no other cipher. @param cipher as OpenSSL names it */
  public static String[] offering(String cipher) {
    // From 3.2 on, CCM-8 is below the usual level of security.
    return new String[] {"-cipher", cipher + ":@SECLEVEL=0"};
  }

  /** Options of {@link #byOpenssl}: its datagrams have at most 300 bytes with their headers. */
  public static String[] inFragments() {
    return new String[] {"-mtu", "300", "-maxfraglen", "512"};
  }

  /** It writes a record at a time. */
  private void receive(Process openssl) {
    byte[] buffer = new byte[4096];
    try {
      for (int length = 0; length >= 0; length = openssl.getInputStream().read(buffer)) {
        if (length > 0) {
          received.add(Arrays.copyOf(buffer, length));
        }
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  /** A response: its header without type and message id, and what follows the marker. */
  public record Answer(int code, byte[] token, String options, byte[] payload) {}

  /**
   * Sends a confirmable message, and again until there is an answer.
   *
   * @param code as in 4f: 2.15
   * @param options in hex
   */
  public Answer ask(int code, String token, String options, byte[] payload) {
    byte[] message = message(code, token, options, payload);
    byte[] expected = HEX.parseHex(token);
    for (int times = 0; times < 30; times++) {
      send(message);
      byte[] next = next();
      while (next.length > 0) {
        Answer answer = answer(next);
        if (answer != null && Arrays.equals(answer.token(), expected)) {
          return answer;
        }
        next = next();
      }
    }
    throw new AssertionError("no answer");
  }

  /** As {@link #ask}, and there may be an answer or none. */
  public void tell(int code, String token, String options, byte[] payload) {
    send(message(code, token, options, payload));
  }

  /** Sends a confirmable message once. @return what comes next, octet by octet */
  public byte[] exchange(int code, String token, String options, byte[] payload) {
    send(message(code, token, options, payload));
    return patiently();
  }

  /** A response that has come by itself, and is acknowledged (RFC 7252, 5.2.2). */
  public Answer confirmed() {
    byte[] message = patiently();
    Answer answer = (message[0] >> 4 & 3) == CON ? answer(message) : null;
    if (answer == null) {
      throw new AssertionError(HEX.formatHex(message) + " (expected: a confirmable response)");
    }
    return answer;
  }

  private byte[] patiently() {
    byte[] message = new byte[0];
    for (int times = 0; times < 30 && message.length == 0; times++) {
      message = next();
    }
    if (message.length == 0) {
      throw new AssertionError("no answer");
    }
    return message;
  }

  private byte[] message(int code, String token, String options, byte[] payload) {
    byte[] sentToken = HEX.parseHex(token);
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.write(0x40 | sentToken.length);
    message.write(code);
    message.write(++messageId >> 8);
    message.write(messageId);
    message.writeBytes(sentToken);
    message.writeBytes(HEX.parseHex(options));
    if (payload.length > 0) {
      message.write(0xff);
      message.writeBytes(payload);
    }
    return message.toByteArray();
  }

  /** Whatever it is. */
  public void send(byte[] message) {
    carrier.send(message);
  }

  private @Nullable Answer answer(byte[] message) {
    if (message[1] == EMPTY) {
      return null;
    }
    if ((message[0] >> 4 & 3) != ACK) { // It took longer, and comes by itself.
      send(new byte[] {0x60, EMPTY, message[2], message[3]});
    }
    return parse(message);
  }

  /** What has come next; nothing, if nothing does for two seconds (RFC 7252, 4.8). */
  private byte[] next() {
    try {
      byte[] message = received.poll(2, TimeUnit.SECONDS);
      return message == null ? new byte[0] : message;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of the options no value begins with ff, and none is longer than twelve octets. */
  private static Answer parse(byte[] message) {
    int tokenLength = message[0] & 0xf;
    int at = 4 + tokenLength;
    int from = at;
    while (at < message.length && message[at] != (byte) 0xff) {
      int extended = (message[at] >> 4 & 0xf) == 13 ? 1 : 0;
      at += 1 + extended + (message[at] & 0xf);
    }
    byte[] payload =
        at < message.length ? Arrays.copyOfRange(message, at + 1, message.length) : new byte[0];
    return new Answer(
        message[1] & 0xff,
        Arrays.copyOfRange(message, 4, 4 + tokenLength),
        HEX.formatHex(message, from, at),
        payload);
  }

  @Override
  public void close() {
    carrier.close();
  }
}
