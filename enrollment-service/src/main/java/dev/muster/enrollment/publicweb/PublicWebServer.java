/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import dev.muster.enrollment.est.ConnectionPatrol;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the pages of all features over plain HTTP. */
public final class PublicWebServer extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(PublicWebServer.class);
  private static final int IDLE_SECONDS = 30;
  private static final int MAX_LINE = 2048;
  private static final int MAX_HEADERS = 8192;

  private final String host;
  private final int wantedPort;
  private final List<WebFeature> features;
  private final Clock clock;
  private volatile int port;

  public PublicWebServer(String host, int port, List<WebFeature> features, Clock clock) {
    this.host = host;
    this.wantedPort = port;
    this.features = List.copyOf(features);
    this.clock = clock;
  }

  /** The port it listens on, once deployed. */
  public int port() {
    return port;
  }

  @Override
  public Future<?> start() {
    ConnectionPatrol patrol = new ConnectionPatrol(vertx);
    WebRoutes routes = new WebRoutes(vertx, features, clock, patrol);
    HttpServer server = vertx.createHttpServer(new HttpServerOptions()
        .setHost(host)
        .setPort(wantedPort)
        .setIdleTimeout(IDLE_SECONDS)
        .setHttp2ClearTextEnabled(false)
        .setMaxInitialLineLength(MAX_LINE)
        .setMaxHeaderSize(MAX_HEADERS));
    server.connectionHandler(patrol::watch);
    server.exceptionHandler(e -> LOG.debug("Connection failed reason=\"{}\"", e.getMessage()));
    server.requestHandler(routes::handle);
    return server.listen().onSuccess(listening -> port = listening.actualPort());
  }
}
