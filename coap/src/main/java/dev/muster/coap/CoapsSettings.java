/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.dtls.SignatureAndHashAlgorithm;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;

/** What Californium is told. Nothing is read from files, as it would by itself. */
final class CoapsSettings {
  /** The first is what RFC 9148 demands (3); OpenSSL's recent releases take only the others. */
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

  static final int THREADS = 2;
  /** Bodies in blocks under way at a time, each of which may be as long as any. */
  static final int TRANSFERS = 2_000;

  static final int TRANSFER_SECONDS = 60;
  /** For how long a message may come again (RFC 7252, 4.8.2). */
  static final int EXCHANGE_SECONDS = 247;

  /** That there may be; a service has few paths that change. */
  private static final int OBSERVATIONS_PER_SESSION = 2;

  private static final int MANY_PEERS = 100_000;
  private static final int CONNECTION_ID_LENGTH = 6;
  /** A session that was silent for so long makes room for a new one, if there is no other room. */
  private static final int STALE_SECONDS = 60;
  /** As long as Scandium counts a handshake at most: two lives of a cookie, and until it looks. */
  private static final int RECENT_SECONDS = 180;

  private static final int PREFERRED_BLOCK = 512;
  static final int MAX_MESSAGE = 1024;

  static {
    SystemConfig.register();
    UdpConfig.register();
    CoapConfig.register();
    DtlsConfig.register();
  }

  private CoapsSettings() {}

  /** @param maxBody in bytes */
  @SuppressWarnings("deprecation") // A threshold of 0 is going to be the only one.
  static Configuration of(CoapsConfig config, int maxBody) {
    return new Configuration()
        .set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, THREADS)
        .set(CoapConfig.MAX_RESOURCE_BODY_SIZE, maxBody)
        .set(CoapConfig.PREFERRED_BLOCK_SIZE, PREFERRED_BLOCK)
        .set(CoapConfig.MAX_MESSAGE_SIZE, MAX_MESSAGE)
        .set(CoapConfig.MAX_ACTIVE_PEERS, TRANSFERS)
        .set(
            CoapConfig.MAX_SERVER_OBSERVES,
            OBSERVATIONS_PER_SESSION * config.limits().sessions())
        .set(CoapConfig.BLOCKWISE_STATUS_LIFETIME, TRANSFER_SECONDS, TimeUnit.SECONDS)
        .set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY)
        .set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NEEDED)
        .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
        .set(DtlsConfig.DTLS_CIPHER_SUITES, SUITES)
        .set(DtlsConfig.DTLS_SIGNATURE_AND_HASH_ALGORITHMS, SIGNATURES)
        .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, CONNECTION_ID_LENGTH)
        .set(DtlsConfig.DTLS_USE_HELLO_VERIFY_REQUEST, true)
        // As OrderlyConnector wants it.
        .set(DtlsConfig.DTLS_USE_EARLY_STOP_RETRANSMISSION, false)
        // Or else a resumption is answered before the address is known to be true.
        .set(DtlsConfig.DTLS_VERIFY_PEERS_ON_RESUMPTION_THRESHOLD, 0)
        .set(DtlsConfig.DTLS_MAX_CONNECTIONS, maxConnections(config.limits()))
        .set(DtlsConfig.DTLS_STALE_CONNECTION_THRESHOLD, STALE_SECONDS, TimeUnit.SECONDS)
        .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
        .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, THREADS);
  }

  /**
   * More than HandshakeGate lets there be, so that whoever finds no room is told so by that: beyond
   * this, in connections or in sessions of the last minutes, Scandium asks for the cookie anew, for
   * ever, and logs an error each time.
   */
  private static int maxConnections(CoapsConfig.Limits limits) {
    long recent =
        (long) limits.handshakesPerSecond() * (RECENT_SECONDS + HandshakeRate.BURST_SECONDS);
    return (int)
        Math.min(Integer.MAX_VALUE, (long) limits.sessions() + limits.handshakes() + recent);
  }

  /**
   * For message ids, which are kept of each peer that was sent one of ours: there "active peers"
   * means something else than in the layer of blocks, and whoever finds no room is not answered.
   */
  static Configuration ofMessageIds(CoapsConfig config) {
    return new Configuration()
        .set(
            CoapConfig.MAX_ACTIVE_PEERS,
            Math.max(MANY_PEERS, 10 * config.limits().sessions()))
        .set(CoapConfig.MAX_PEER_INACTIVITY_PERIOD, EXCHANGE_SECONDS, TimeUnit.SECONDS);
  }
}
