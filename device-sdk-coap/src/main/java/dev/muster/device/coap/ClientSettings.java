/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.identity.Credential;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;

/** What Californium is told. Nothing is read from files, as it would by itself. */
final class ClientSettings {
  /** A twin has 64 KB at most. */
  private static final int MAX_BODY = 128 * 1024;

  private static final int PREFERRED_BLOCK = 512;
  private static final int MAX_MESSAGE = 1024;

  static {
    SystemConfig.register();
    UdpConfig.register();
    CoapConfig.register();
    DtlsConfig.register();
  }

  static final Configuration STANDARD = new Configuration()
      .set(CoapConfig.MAX_RESOURCE_BODY_SIZE, MAX_BODY)
      .set(CoapConfig.PREFERRED_BLOCK_SIZE, PREFERRED_BLOCK)
      .set(CoapConfig.MAX_MESSAGE_SIZE, MAX_MESSAGE)
      .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
      .set(
          DtlsConfig.DTLS_CIPHER_SUITES,
          List.of(
              CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
              CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256))
      .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
      // None for itself, but it takes the server's: a NAT that forgets costs no handshake.
      .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0)
      // As OrderlyConnector wants it.
      .set(DtlsConfig.DTLS_USE_EARLY_STOP_RETRANSMISSION, false)
      .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1);

  private ClientSettings() {}

  /** Shows a credential to whom the judge trusts. */
  static DtlsConnectorConfig dtls(Configuration settings, Credential own, ServerJudge judge) {
    return new DtlsConnectorConfig.Builder(settings)
        .setAddress(new InetSocketAddress(0))
        .setAdvancedCertificateVerifier(judge)
        .setCertificateIdentityProvider(new SingleCertificateProvider(
            own.key(), own.chain().toArray(X509Certificate[]::new), List.of(CertificateType.X_509)))
        .build();
  }
}
