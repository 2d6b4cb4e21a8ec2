/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.tls.ServerName;
import java.net.InetSocketAddress;
import java.security.cert.CertPath;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.eclipse.californium.scandium.dtls.AlertMessage;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertDescription;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertLevel;
import org.eclipse.californium.scandium.dtls.CertificateMessage;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.CertificateVerificationResult;
import org.eclipse.californium.scandium.dtls.ConnectionId;
import org.eclipse.californium.scandium.dtls.HandshakeException;
import org.eclipse.californium.scandium.dtls.HandshakeResultHandler;
import org.eclipse.californium.scandium.dtls.x509.NewAdvancedCertificateVerifier;
import org.eclipse.californium.scandium.util.ServerNames;
import org.jspecify.annotations.Nullable;

/**
 * Trusts whom the SDK trusts over TLS, if the certificate is for the host that was asked for.
 *
 * <p>Thread-safe.
 */
final class ServerJudge implements NewAdvancedCertificateVerifier {
  private final X509TrustManager trust;
  private final ServerName host;
  private volatile @Nullable String refusal;

  ServerJudge(X509TrustManager trust, String host) {
    this.trust = trust;
    this.host = ServerName.of(host);
  }

  /** Why the server was not trusted; null if it was, or has shown nothing yet. */
  @Nullable String refusal() {
    return refusal;
  }

  @Override
  public List<CertificateType> getSupportedCertificateTypes() {
    return List.of(CertificateType.X_509);
  }

  @Override
  public CertificateVerificationResult verifyCertificate(
      ConnectionId connection,
      @Nullable ServerNames serverNames,
      InetSocketAddress peer,
      boolean clientUsage,
      boolean verifySubject,
      boolean truncateCertificatePath,
      CertificateMessage message) {
    CertPath path = message.getCertificateChain();
    try {
      judge(path);
      return new CertificateVerificationResult(connection, path, null);
    } catch (CertificateException | RuntimeException e) {
      refusal = String.valueOf(e.getMessage());
      return new CertificateVerificationResult(
          connection,
          new HandshakeException(
              "the server is not trusted",
              new AlertMessage(AlertLevel.FATAL, AlertDescription.BAD_CERTIFICATE),
              e),
          null);
    }
  }

  private void judge(@Nullable CertPath path) throws CertificateException {
    if (path == null || path.getCertificates().isEmpty()) {
      throw new CertificateException("no certificate");
    }
    X509Certificate[] chain = path.getCertificates().toArray(X509Certificate[]::new);
    trust.checkServerTrusted(chain, "ECDHE_ECDSA");
    if (!host.isNamedBy(chain[0])) {
      throw new CertificateException("certificate is not for " + host.name());
    }
  }

  /** Servers show what they have. */
  @Override
  public List<X500Principal> getAcceptedIssuers() {
    return List.of();
  }

  /** Results are returned at once. */
  @Override
  public void setResultHandler(HandshakeResultHandler handler) {}
}
