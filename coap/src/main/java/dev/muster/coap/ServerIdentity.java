/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.eclipse.californium.scandium.dtls.CertificateIdentityResult;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.ConnectionId;
import org.eclipse.californium.scandium.dtls.HandshakeResultHandler;
import org.eclipse.californium.scandium.dtls.SignatureAndHashAlgorithm;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite.CertificateKeyAlgorithm;
import org.eclipse.californium.scandium.dtls.cipher.XECDHECryptography.SupportedGroup;
import org.eclipse.californium.scandium.dtls.x509.CertificateConfigurationHelper;
import org.eclipse.californium.scandium.dtls.x509.CertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.ConfigurationHelperSetup;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.util.ServerNames;
import org.jspecify.annotations.Nullable;

/**
 * What the server shows of itself, which may be replaced while handshakes come in.
 *
 * <p>Thread-safe.
 */
final class ServerIdentity implements CertificateProvider, ConfigurationHelperSetup {
  private volatile SingleCertificateProvider current;

  ServerIdentity(PrivateKey key, List<X509Certificate> chain) {
    current = provider(key, chain);
  }

  /** Shows another from the next handshake on. */
  void use(PrivateKey key, List<X509Certificate> chain) {
    current = provider(key, chain);
  }

  private static SingleCertificateProvider provider(PrivateKey key, List<X509Certificate> chain) {
    return new SingleCertificateProvider(
        key, chain.toArray(Certificate[]::new), CertificateType.X_509);
  }

  @Override
  public void setupConfigurationHelper(CertificateConfigurationHelper helper) {
    current.setupConfigurationHelper(helper);
  }

  @Override
  public List<CertificateKeyAlgorithm> getSupportedCertificateKeyAlgorithms() {
    return current.getSupportedCertificateKeyAlgorithms();
  }

  @Override
  public List<CertificateType> getSupportedCertificateTypes() {
    return current.getSupportedCertificateTypes();
  }

  @Override
  public CertificateIdentityResult requestCertificateIdentity(
      ConnectionId connection,
      boolean client,
      @Nullable List<X500Principal> issuers,
      @Nullable ServerNames serverNames,
      @Nullable List<CertificateKeyAlgorithm> keyAlgorithms,
      @Nullable List<SignatureAndHashAlgorithm> signatures,
      @Nullable List<SupportedGroup> curves) {
    return current.requestCertificateIdentity(
        connection, client, issuers, serverNames, keyAlgorithms, signatures, curves);
  }

  /** Results are returned at once. */
  @Override
  public void setResultHandler(HandshakeResultHandler handler) {}
}
