/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.renewal.RenewalInfo;
import dev.muster.protocol.tls.TlsProfile;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** EST over HTTPS: one instance for one event loop. */
public final class EstServer extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(EstServer.class);
  /**
   * Longer than any work takes, that of a hook included; what is due from clients is the patrol's.
   */
  private static final int IDLE_SECONDS = 120;

  private static final int HANDSHAKE_SECONDS = 10;
  private static final int MAX_LINE = 2048;
  private static final int MAX_HEADERS = 8192;

  /**
   * What all instances share.
   *
   * @param port to listen on; a negative one is a free one, the same for all instances
   * @param tls may be given another credential at any time
   */
  public record Parts(
      EstConfig config,
      int port,
      EstTls tls,
      CertificateAuthorities authorities,
      TrustView trust,
      EstOperations operations,
      RenewalInfo renewals,
      Clock clock,
      MeterRegistry meters) {}

  private final Parts parts;
  private volatile int port;

  public EstServer(Parts parts) {
    this.parts = parts;
  }

  /** The port it listens on, once deployed. */
  public int port() {
    return port;
  }

  @Override
  public Future<?> start() {
    EstRoutes routes = new EstRoutes(vertx, parts);
    HttpServer server = vertx.createHttpServer(options());
    server.connectionHandler(routes.patrol()::watch);
    server.exceptionHandler(e -> LOG.debug("Connection failed reason=\"{}\"", e.getMessage()));
    server.requestHandler(routes::handle);
    server.invalidRequestHandler(routes::refuseUnreadable);
    return server.listen().onSuccess(listening -> port = listening.actualPort());
  }

  private List<X509Certificate> usefulIssuers() {
    List<X509Certificate> issuers = new ArrayList<>(parts.authorities.trustedIssuers());
    issuers.addAll(parts.trust.anchors());
    return issuers;
  }

  private HttpServerOptions options() {
    HttpServerOptions options = new HttpServerOptions();
    options.setHost(parts.config.host()).setPort(parts.port).setSsl(true);
    options.setSslEngineOptions(parts.tls);
    options.setKeyCertOptions(KeyCertOptions.wrap(parts.tls.keys()));
    options.setClientAuth(ClientAuth.REQUEST);
    options.setTrustOptions(TrustOptions.wrap(new PossessionOnly(this::usefulIssuers)));
    options.setEnabledSecureTransportProtocols(new LinkedHashSet<>(TlsProfile.PROTOCOLS));
    options.setUseAlpn(false);
    options.setTcpNoDelay(true);
    options.setIdleTimeout(IDLE_SECONDS);
    options.setSslHandshakeTimeout(HANDSHAKE_SECONDS);
    options.setMaxInitialLineLength(MAX_LINE).setMaxHeaderSize(MAX_HEADERS);
    return options;
  }
}
