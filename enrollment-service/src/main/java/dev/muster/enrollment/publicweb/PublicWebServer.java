/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import dev.muster.enrollment.est.ConnectionGate;
import dev.muster.enrollment.est.ConnectionPatrol;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
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
  private final ConnectionGate gate;
  private final Clock clock;
  private volatile int port;

  /** @param gate turns away who opens too many connections */
  public PublicWebServer(
      String host, int port, List<WebFeature> features, ConnectionGate gate, Clock clock) {
    this.host = host;
    this.wantedPort = port;
    this.features = List.copyOf(features);
    this.gate = gate;
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
    server.connectionHandler(connection -> admit(connection, patrol));
    server.exceptionHandler(e -> LOG.debug("Connection failed reason=\"{}\"", e.getMessage()));
    server.requestHandler(routes::handle);
    return server.listen().onSuccess(listening -> port = listening.actualPort());
  }

  private void admit(HttpConnection connection, ConnectionPatrol patrol) {
    Optional<ConnectionGate.Pass> pass = gate.enter(addressOf(connection));
    if (pass.isEmpty()) {
      connection.close();
      return;
    }
    pass.get().handshakeEnded(); // There is none.
    patrol.watch(connection, pass.get()::closed);
  }

  private static InetAddress addressOf(HttpConnection connection) {
    try {
      return InetAddress.getByName(connection.remoteAddress().hostAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address in figures needs no look-up", e);
    }
  }
}
