/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.protocol.tls.Renegotiation;
import dev.muster.protocol.tls.TlsProfile;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.spi.tls.SslContextFactory;
import java.security.Provider;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * TLS as EST wants it: 1.3 and 1.2, authenticated encryption and forward secrecy alone, by the
 * provider that is named and no other. One object for all event loops of a server.
 */
public final class EstTls extends JdkSSLEngineOptions {
  private static final int SESSIONS = 20_000;
  private static final int SESSION_SECONDS = 3600;

  static {
    Renegotiation.refuse();
  }

  private final ServerKeys keys;
  private final CryptoProviders crypto;
  private final ConnectionGate gate;

  public EstTls(
      ServiceCredential credential,
      CryptoProviders crypto,
      EstLimits limits,
      MeterRegistry meters) {
    this.keys = new ServerKeys(credential);
    this.crypto = crypto;
    this.gate = new ConnectionGate(limits, "est", meters);
  }

  /** Shows another credential from the next handshake on; thread-safe. */
  public void use(ServiceCredential credential) {
    keys.use(credential);
  }

  /** What the server shows, now. */
  public ServiceCredential credential() {
    return keys.credential();
  }

  /** Whether it can tell the name of a connection (RFC 7030, 3.5), which the JDK's TLS cannot. */
  boolean tellsBindings() {
    return crypto.tls().isPresent();
  }

  ServerKeys keys() {
    return keys;
  }

  @Override
  public EstTls copy() {
    return this;
  }

  @Override
  public SslContextFactory sslContextFactory() {
    return new Factory();
  }

  private final class Factory implements SslContextFactory {
    private @Nullable KeyManagerFactory keyManagers;
    private @Nullable TrustManagerFactory trustManagers;
    private ClientAuth clientAuth = ClientAuth.NONE;

    @Override
    public SslContextFactory keyMananagerFactory(KeyManagerFactory factory) {
      keyManagers = factory;
      return this;
    }

    @Override
    public SslContextFactory trustManagerFactory(TrustManagerFactory factory) {
      trustManagers = factory;
      return this;
    }

    @Override
    public SslContextFactory clientAuth(ClientAuth wanted) {
      clientAuth = wanted;
      return this;
    }

    @Override
    public SslContext create() throws SSLException {
      @Nullable Provider provider = crypto.tls().orElse(null);
      SslContext context = SslContextBuilder.forServer(keyManagers)
          .trustManager(trustManagers)
          .clientAuth(clientAuth)
          .sslProvider(SslProvider.JDK)
          .sslContextProvider(provider)
          .ciphers(TlsProfile.CIPHER_SUITES, SupportedCipherSuiteFilter.INSTANCE)
          .protocols(TlsProfile.PROTOCOLS)
          .sessionCacheSize(SESSIONS)
          .sessionTimeout(SESSION_SECONDS)
          .build();
      return new EstSslContext(context, gate);
    }
  }
}
