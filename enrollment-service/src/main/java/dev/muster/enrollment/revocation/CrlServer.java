/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.est.ConnectionPatrol;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** CRLs over plain HTTP (RFC 5280, 4.2.1.13): they carry their own signature. */
public final class CrlServer extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(CrlServer.class);
  private static final String PREFIX = "/crl/";
  private static final String SUFFIX = ".crl";
  private static final int IDLE_SECONDS = 30;
  private static final int MAX_LINE = 2048;
  private static final int MAX_HEADERS = 8192;

  /** Short, because a revocation may come at any time. */
  private static final int MAX_AGE_SECONDS = 60;

  private final String host;
  private final int wantedPort;
  private final CrlPublisher publisher;
  private volatile int port;

  public CrlServer(String host, int port, CrlPublisher publisher) {
    this.host = host;
    this.wantedPort = port;
    this.publisher = publisher;
  }

  /** The port it listens on, once deployed. */
  public int port() {
    return port;
  }

  @Override
  public Future<?> start() {
    ConnectionPatrol patrol = new ConnectionPatrol(vertx);
    HttpServer server = vertx.createHttpServer(new HttpServerOptions()
        .setHost(host)
        .setPort(wantedPort)
        .setIdleTimeout(IDLE_SECONDS)
        .setHttp2ClearTextEnabled(false)
        .setMaxInitialLineLength(MAX_LINE)
        .setMaxHeaderSize(MAX_HEADERS));
    server.connectionHandler(patrol::watch);
    server.exceptionHandler(e -> LOG.debug("Connection failed reason=\"{}\"", e.getMessage()));
    server.requestHandler(request -> {
      handle(request);
      patrol.expect(request.connection());
    });
    return server.listen().onSuccess(listening -> port = listening.actualPort());
  }

  private void handle(HttpServerRequest request) {
    Optional<PublishedCrl> crl = find(request.path());
    String method = request.method().name();
    if (crl.isEmpty()) {
      text(request, 404, "path: not found");
    } else if (!method.equals("GET") && !method.equals("HEAD")) {
      request.response().putHeader("Allow", "GET, HEAD");
      text(request, 405, "method: not allowed (expected: GET, HEAD)");
    } else {
      send(request, crl.get());
    }
  }

  private Optional<PublishedCrl> find(String path) {
    return path != null
            && path.startsWith(PREFIX)
            && path.endsWith(SUFFIX)
            && path.length() > PREFIX.length() + SUFFIX.length()
        ? publisher.current(path.substring(PREFIX.length(), path.length() - SUFFIX.length()))
        : Optional.empty();
  }

  private static void send(HttpServerRequest request, PublishedCrl crl) {
    String tag = "\"" + crl.issuer() + "-" + crl.number() + "\"";
    HttpServerResponse response = request
        .response()
        .putHeader("ETag", tag)
        .putHeader("Last-Modified", httpDate(crl.thisUpdate()))
        .putHeader("Cache-Control", "public, max-age=" + MAX_AGE_SECONDS);
    if (tag.equals(request.getHeader("If-None-Match"))) {
      response.setStatusCode(304).end();
      return;
    }
    response
        .putHeader("Content-Type", "application/pkix-crl")
        .putHeader("Content-Length", Integer.toString(crl.der().length()));
    if (request.method().name().equals("HEAD")) {
      response.end();
    } else {
      response.end(crl.der());
    }
  }

  private static void text(HttpServerRequest request, int status, String text) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(text + "\n");
  }

  private static String httpDate(Instant instant) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(instant.atZone(ZoneOffset.UTC));
  }
}
