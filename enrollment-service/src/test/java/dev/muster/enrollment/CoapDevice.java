/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.jspecify.annotations.Nullable;

/** A device that speaks CoAP over DTLS, by Californium's client. */
final class CoapDevice implements AutoCloseable {
  private static final int PATIENCE_MS = 10_000;

  static {
    SystemConfig.register();
    UdpConfig.register();
    CoapConfig.register();
    DtlsConfig.register();
  }

  private final int port;
  private final DTLSConnector connector;
  private final CoapEndpoint endpoint;

  /** @param identity null to show no certificate */
  CoapDevice(RunningService service, TestPki.@Nullable Credential identity) {
    this(service.service().coapsPort().getAsInt(), service, identity, 100_000);
  }

  /** One that cuts nothing into blocks by itself, and puts none together. */
  static CoapDevice blockByBlock(RunningService service, TestPki.Credential identity) {
    return new CoapDevice(service.service().coapsPort().getAsInt(), service, identity, 0);
  }

  /** One that knows the server by another port. */
  static CoapDevice behind(int port, RunningService service, TestPki.Credential identity) {
    return new CoapDevice(port, service, identity, 100_000);
  }

  /** @param body the most that is sent or taken in blocks; 0 to leave blocks alone */
  private CoapDevice(
      int port, RunningService service, TestPki.@Nullable Credential identity, int body) {
    this.port = port;
    Configuration settings = new Configuration()
        .set(CoapConfig.MAX_RESOURCE_BODY_SIZE, body)
        // Impatient and persistent, so that lost datagrams cost a test little time.
        .set(CoapConfig.ACK_TIMEOUT, 300, TimeUnit.MILLISECONDS)
        .set(CoapConfig.ACK_TIMEOUT_SCALE, 1f)
        .set(CoapConfig.MAX_RETRANSMIT, 30)
        .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
        // None for itself, but it takes the server's.
        .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0)
        .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
        .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1);
    DtlsConnectorConfig.Builder dtls = new DtlsConnectorConfig.Builder(settings)
        .setAddress(new InetSocketAddress("127.0.0.1", 0))
        .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
            .setTrustedCertificates(service.authorities.root())
            .build());
    if (identity != null) {
      dtls.setCertificateIdentityProvider(new SingleCertificateProvider(
          identity.key(),
          identity.chain().toArray(X509Certificate[]::new),
          List.of(CertificateType.X_509)));
    }
    connector = new DTLSConnector(dtls.build());
    endpoint = new CoapEndpoint.Builder()
        .setConfiguration(settings)
        .setConnector(connector)
        .build();
    try {
      endpoint.start();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The next request begins with an abbreviated handshake. */
  void resume() {
    connector.forceResumeAllSessions();
  }

  /** Names the session, also after it was resumed. */
  String session() {
    return connector
        .getSessionByAddress(new InetSocketAddress("127.0.0.1", port))
        .getSessionIdentifier()
        .toString();
  }

  Response get(String path) {
    return send(Request.newGet(), path);
  }

  /** @param csr in DER */
  Response post(String path, byte[] csr) {
    return send(enrollment(csr), path);
  }

  static Request enrollment(byte[] csr) {
    Request request = Request.newPost();
    request.setPayload(csr);
    request.getOptions().setContentFormat(286);
    return request;
  }

  Response send(Request request, String path) {
    try {
      request.setURI("coaps://127.0.0.1:" + port + path);
      request.send(endpoint);
      Response response = request.waitForResponse(PATIENCE_MS);
      if (response == null) {
        throw new AssertionError(path + ": no answer, " + request.getSendError());
      }
      return response;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    endpoint.destroy();
  }
}
