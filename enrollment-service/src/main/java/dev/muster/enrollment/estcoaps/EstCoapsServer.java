/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.est.EstOperations;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.elements.util.DaemonThreadFactory;
import org.eclipse.californium.elements.util.ExecutorsUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.SignatureAndHashAlgorithm;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;

/**
 * EST over CoAP and DTLS 1.2.
 *
 * <p>Thread-safe. Starting and closing block shortly.
 */
public final class EstCoapsServer implements AutoCloseable {
  /** The first is what the RFC demands (3); OpenSSL's recent releases take only the others. */
  private static final List<CipherSuite> SUITES = List.of(
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
      CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);

  /** Also of the CAs above a client's certificate. */
  private static final List<SignatureAndHashAlgorithm> SIGNATURES = List.of(
      SignatureAndHashAlgorithm.SHA256_WITH_ECDSA,
      SignatureAndHashAlgorithm.SHA384_WITH_ECDSA,
      SignatureAndHashAlgorithm.SHA256_WITH_RSA);

  private static final int THREADS = 2;
  private static final int CONNECTION_ID_LENGTH = 6;
  /** A session that was silent for so long makes room for a new one, if there is no other room. */
  private static final int STALE_SECONDS = 60;

  private static final int PREFERRED_BLOCK = 512;
  private static final int MAX_MESSAGE = 1024;
  /** Transfers under way at a time, each of which may hold a whole body. */
  private static final int TRANSFERS = 2_000;

  private static final int TRANSFER_SECONDS = 60;

  static {
    SystemConfig.register();
    UdpConfig.register();
    CoapConfig.register();
    DtlsConfig.register();
  }

  private final ServerIdentity identity;
  private final ScheduledExecutorService protocol;
  private final ScheduledExecutorService timer;
  private final CoapEndpoint endpoint;

  /**
   * @param credential what is shown to clients
   * @throws IOException if nothing can be listened on there
   */
  public EstCoapsServer(
      EstCoapsConfig config,
      ServiceCredential credential,
      EstOperations operations,
      MeterRegistry meters)
      throws IOException {
    identity = new ServerIdentity(credential);
    protocol = ExecutorsUtil.newScheduledThreadPool(THREADS, new DaemonThreadFactory("est-coaps#"));
    timer = ExecutorsUtil.newScheduledThreadPool(1, new DaemonThreadFactory("est-coaps-timer#"));
    Configuration settings = settings(config);
    endpoint = new CoapEndpoint.Builder()
        .setConfiguration(settings)
        .setConnector(connector(config, settings, new HandshakeGate(config.handshakes(), meters)))
        .build();
    endpoint.setExecutors(protocol, timer);
    endpoint.setMessageDeliverer(new EstCoapsRoutes(operations, timer, meters));
    try {
      endpoint.start();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private DTLSConnector connector(
      EstCoapsConfig config, Configuration settings, HandshakeGate gate) {
    return new DTLSConnector(new DtlsConnectorConfig.Builder(settings)
        .setAddress(new InetSocketAddress(config.host(), config.port()))
        .setCertificateIdentityProvider(identity)
        .setAdvancedCertificateVerifier(new PossessionOnlyVerifier())
        .setSessionListener(gate)
        .build());
  }

  /** Nothing is read from files, as Californium would by itself. */
  @SuppressWarnings("deprecation") // A threshold of 0 is going to be the only one.
  private static Configuration settings(EstCoapsConfig config) {
    return new Configuration()
        .set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, THREADS)
        .set(CoapConfig.MAX_RESOURCE_BODY_SIZE, EstOperations.MAX_CSR)
        .set(CoapConfig.PREFERRED_BLOCK_SIZE, PREFERRED_BLOCK)
        .set(CoapConfig.MAX_MESSAGE_SIZE, MAX_MESSAGE)
        .set(CoapConfig.MAX_ACTIVE_PEERS, TRANSFERS)
        .set(CoapConfig.BLOCKWISE_STATUS_LIFETIME, TRANSFER_SECONDS, TimeUnit.SECONDS)
        // Remembers few messages of each peer, where the default has no limit.
        .set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP)
        .set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY)
        .set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NEEDED)
        .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
        .set(DtlsConfig.DTLS_CIPHER_SUITES, SUITES)
        .set(DtlsConfig.DTLS_SIGNATURE_AND_HASH_ALGORITHMS, SIGNATURES)
        .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, CONNECTION_ID_LENGTH)
        .set(DtlsConfig.DTLS_USE_HELLO_VERIFY_REQUEST, true)
        // Or else a resumption is answered before the address is known to be true.
        .set(DtlsConfig.DTLS_VERIFY_PEERS_ON_RESUMPTION_THRESHOLD, 0)
        .set(DtlsConfig.DTLS_MAX_CONNECTIONS, config.sessions())
        .set(DtlsConfig.DTLS_STALE_CONNECTION_THRESHOLD, STALE_SECONDS, TimeUnit.SECONDS)
        .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
        .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, THREADS);
  }

  /** The port it listens on. */
  public int port() {
    return endpoint.getAddress().getPort();
  }

  /** Shows another credential from the next handshake on. */
  public void use(ServiceCredential credential) {
    identity.use(credential);
  }

  @Override
  public void close() {
    endpoint.destroy();
    ExecutorsUtil.shutdownExecutorGracefully(1_000, protocol, timer);
  }
}
