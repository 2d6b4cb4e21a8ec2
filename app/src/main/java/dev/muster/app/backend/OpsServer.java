/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.enrollment.est.ConnectionPatrol;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Health and Prometheus metrics, on loopback unless configured otherwise. */
final class OpsServer {
  private final Vertx vertx;
  private final PrometheusMeterRegistry meters;
  private final Supplier<Map<String, String>> problems;
  private @Nullable HttpServer server;

  /** @param problems what is not well now, by component; empty if all is well; must not block */
  OpsServer(Vertx vertx, PrometheusMeterRegistry meters, Supplier<Map<String, String>> problems) {
    this.vertx = vertx;
    this.meters = meters;
    this.problems = problems;
  }

  int start(String host, int port) {
    ConnectionPatrol patrol = new ConnectionPatrol(vertx);
    server = vertx.createHttpServer().connectionHandler(patrol::watch).requestHandler(request -> {
      patrol.expect(request.connection());
      answer(request);
    });
    return Blocking.await(server.listen(port, host), "metrics on " + host + ":" + port)
        .actualPort();
  }

  private void answer(HttpServerRequest request) {
    switch (request.path()) {
      case "/metrics" ->
        request
            .response()
            .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            .end(meters.scrape());
      case "/health" -> health(request);
      default -> request.response().setStatusCode(404).end("expected: /metrics or /health\n");
    }
  }

  private void health(HttpServerRequest request) {
    Map<String, String> found = problems.get();
    request
        .response()
        .setStatusCode(found.isEmpty() ? 200 : 503)
        .putHeader("Content-Type", "application/json")
        .end(healthReport(found).toBuffer());
  }

  static JsonObject healthReport(Map<String, String> problems) {
    JsonObject details = new JsonObject();
    problems.forEach(details::put);
    return new JsonObject()
        .put("status", problems.isEmpty() ? "well" : "impaired")
        .put("problems", details);
  }

  void stop() {
    if (server != null) {
      Blocking.await(server.close(), "closing metrics");
    }
  }
}
