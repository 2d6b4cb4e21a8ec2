/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.protocol.tls.TlsProfile;
import java.security.GeneralSecurityException;
import java.util.Comparator;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS as one credential: made anew for each, because a resumed session would go on showing the one
 * before.
 */
public final class TlsIdentity {
  private static final String[] PROTOCOLS = TlsProfile.PROTOCOLS.toArray(String[]::new);

  private final @Nullable Credential credential;
  private final SSLContext context;
  private final X509ExtendedTrustManager trust;

  private TlsIdentity(
      @Nullable Credential credential, SSLContext context, X509ExtendedTrustManager trust) {
    this.credential = credential;
    this.context = context;
    this.trust = trust;
  }

  /**
   * Prepares TLS.
   *
   * @param clock by which servers are judged
   */
  public static TlsIdentity of(Credential credential, TrustAnchors trust, DeviceClock clock) {
    return make(credential, new KeyManager[] {new SingleKeyManager(credential)}, trust, clock);
  }

  /** TLS that authenticates the server alone, for a device that has no certificate yet. */
  public static TlsIdentity anonymous(TrustAnchors trust, DeviceClock clock) {
    return make(null, new KeyManager[0], trust, clock);
  }

  private static TlsIdentity make(
      @Nullable Credential credential, KeyManager[] keys, TrustAnchors trust, DeviceClock clock) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      ServerTrust servers = new ServerTrust(trust, clock);
      context.init(keys, new TrustManager[] {servers}, null);
      return new TlsIdentity(credential, context, servers);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS is missing from this Java runtime", e);
    }
  }

  /** @throws IllegalStateException if it is {@link #anonymous} */
  public Credential credential() {
    if (credential == null) {
      throw new IllegalStateException("there is no certificate to show");
    }
    return credential;
  }

  /** Whom to trust; for which host a certificate is, is for the caller to look at. */
  public X509ExtendedTrustManager trust() {
    return trust;
  }

  /** Sockets of it have to be given {@link #harden} before the handshake. */
  public SSLContext context() {
    return context;
  }

  /**
   * TLS 1.3 or 1.2 with good suites, and a certificate for exactly the host that was asked for (RFC
   * 9525).
   */
  public static void harden(SSLSocket socket) {
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setCipherSuites(suites(socket.getSupportedCipherSuites()));
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
  }

  /** As {@link #harden}; {@link ServerTrust} checks the host of an engine by itself. */
  SSLEngine engine(String host, int port) {
    SSLEngine engine = context.createSSLEngine(host, port);
    engine.setUseClientMode(true);
    engine.setEnabledProtocols(PROTOCOLS);
    engine.setEnabledCipherSuites(suites(engine.getSupportedCipherSuites()));
    return engine;
  }

  /**
   * ChaCha20 first (RFC 8439): small processors have no instructions for AES, and Java's small
   * compiler does not use those that are there. Without them AES takes longer, and looks up tables,
   * whose timing tells of the key.
   */
  static String[] suites(String... supported) {
    return TlsProfile.CIPHER_SUITES.stream()
        .filter(List.of(supported)::contains)
        .sorted(Comparator.comparing(suite -> !suite.contains("CHACHA20")))
        .toArray(String[]::new);
  }
}
