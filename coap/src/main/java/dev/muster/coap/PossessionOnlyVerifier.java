/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.security.cert.CertPath;
import java.util.List;
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
 * As over HTTPS: DTLS proves that a client has the key of the certificate it shows, and trust is a
 * matter of each request. Names no CAs in the handshake: they would cost constrained networks more
 * than they tell.
 */
final class PossessionOnlyVerifier implements NewAdvancedCertificateVerifier {
  @Override
  public List<CertificateType> getSupportedCertificateTypes() {
    return List.of(CertificateType.X_509);
  }

  @Override
  public CertificateVerificationResult verifyCertificate(
      ConnectionId connection,
      @Nullable ServerNames serverNames,
      java.net.InetSocketAddress peer,
      boolean clientUsage,
      boolean verifySubject,
      boolean truncateCertificatePath,
      CertificateMessage message) {
    @Nullable CertPath path = message.getCertificateChain();
    return path == null || path.getCertificates().isEmpty()
        ? new CertificateVerificationResult(connection, none(), null)
        : new CertificateVerificationResult(connection, path, null);
  }

  private static HandshakeException none() {
    return new HandshakeException(
        "no client certificate",
        new AlertMessage(AlertLevel.FATAL, AlertDescription.BAD_CERTIFICATE));
  }

  @Override
  public List<X500Principal> getAcceptedIssuers() {
    return List.of();
  }

  /** Results are returned at once. */
  @Override
  public void setResultHandler(HandshakeResultHandler handler) {}
}
