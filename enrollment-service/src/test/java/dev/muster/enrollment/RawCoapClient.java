/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.testing.TestPki;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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

/** Sends CoAP messages as they are written down, octet by octet, in a session of DTLS. */
final class RawCoapClient implements AutoCloseable {
  private static final HexFormat HEX = HexFormat.of();
  private static final int EMPTY = 0;
  private static final int ACK = 2;

  private final DTLSConnector connector;
  private final AddressEndpointContext server;
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
  private int messageId = 0x1000;

  RawCoapClient(RunningService service, TestPki.Credential identity) throws IOException {
    server = new AddressEndpointContext(
        new InetSocketAddress("127.0.0.1", service.service().coapsPort().getAsInt()));
    connector = new DTLSConnector(new DtlsConnectorConfig.Builder(new Configuration()
            .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
            .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
            .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1))
        .setAddress(new InetSocketAddress("127.0.0.1", 0))
        .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
            .setTrustedCertificates(service.authorities.root())
            .build())
        .setCertificateIdentityProvider(new SingleCertificateProvider(
            identity.key(),
            identity.chain().toArray(X509Certificate[]::new),
            List.of(CertificateType.X_509)))
        .build());
    connector.setRawDataReceiver(raw -> received.add(raw.getBytes()));
    connector.start();
  }

  /** A response: its header without type and message id, and what follows the marker. */
  record Answer(int code, byte[] token, String options, byte[] payload) {}

  /**
   * Sends a confirmable message.
   *
   * @param code as in 4f: 2.15
   * @param options in hex
   */
  Answer ask(int code, String token, String options, byte[] payload) {
    tell(code, token, options, payload);
    byte[] expected = HEX.parseHex(token);
    Answer answer = answer();
    while (!Arrays.equals(answer.token(), expected)) {
      answer = answer();
    }
    return answer;
  }

  /** As {@link #ask}, and there may be an answer or none. */
  void tell(int code, String token, String options, byte[] payload) {
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
    send(message.toByteArray());
  }

  /** Whatever it is. */
  void send(byte[] message) {
    connector.send(RawData.outbound(message, server, null, false));
  }

  private Answer answer() {
    while (true) {
      byte[] message = next();
      int type = message[0] >> 4 & 3;
      if (message[1] != EMPTY) {
        if (type != ACK) { // It took longer, and comes by itself.
          send(new byte[] {0x60, EMPTY, message[2], message[3]});
        }
        return parse(message);
      }
    }
  }

  private byte[] next() {
    try {
      byte[] message = received.poll(60, TimeUnit.SECONDS);
      if (message == null) {
        throw new AssertionError("no answer");
      }
      return message;
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
    connector.destroy();
  }
}
