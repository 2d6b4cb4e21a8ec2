/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The broker's part of the operator API, served and asked over HTTP. */
final class OperatorApi {
  // As over TLS, where nothing else is offered.
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final int port;

  private OperatorApi(int port) {
    this.port = port;
  }

  static OperatorApi of(BrokerFixture fixture) {
    return new OperatorApi(serve(fixture.vertx(), fixture.broker()));
  }

  /** That of a broker in another process. */
  static OperatorApi at(int port) {
    return new OperatorApi(port);
  }

  /** @return the port */
  static int serve(Vertx vertx, FleetBroker broker) {
    return serve(vertx, broker::mountOperatorRoutes);
  }

  /** @return the port */
  static int serve(Vertx vertx, Consumer<Router> routes) {
    Router router = Router.router(vertx);
    Router api = Router.router(vertx);
    routes.accept(api);
    router.route("/api/v1/*").handler(BodyHandler.create(false)).subRouter(api);
    return vertx
        .createHttpServer(new HttpServerOptions()
            .setMaxInitialLineLength(128 * 1024)
            // As at the other end, see below.
            .setSendBufferSize(1 << 16))
        .requestHandler(ProblemDetails.handling(router))
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join()
        .actualPort();
  }

  HttpResponse<String> send(String method, String path, String body, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
        .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Asks, and leaves the answer to be read as it comes. */
  Socket open(String method, String path) throws IOException {
    Socket socket = new Socket();
    // The system would grow it, and take tens of megabytes that nobody reads.
    socket.setReceiveBufferSize(1 << 14);
    socket.connect(new InetSocketAddress("127.0.0.1", port));
    String head = method + " /api/v1" + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private JsonObject ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return new JsonObject(response.body());
  }

  JsonObject get(String path) {
    return ok(send("GET", path, ""));
  }

  JsonObject post(String path, String body) {
    return ok(send("POST", path, body));
  }

  JsonObject patch(String path, String body) {
    return ok(send("PATCH", path, body));
  }
}
