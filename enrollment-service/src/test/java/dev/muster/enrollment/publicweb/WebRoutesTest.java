/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.est.ConnectionPatrol;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebRoutesTest {
  private static final String GET =
      "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private int serve(WebFeature feature, long patienceMs) {
    ConnectionPatrol patrol = new ConnectionPatrol(vertx, patienceMs);
    WebRoutes routes = new WebRoutes(vertx, List.of(feature), Clock.systemUTC(), patrol);
    // As where it is deployed: else a connection is none before its first octets.
    HttpServer server = vertx.createHttpServer(
        new HttpServerOptions().setHost("127.0.0.1").setHttp2ClearTextEnabled(false));
    return server
        .connectionHandler(patrol::watch)
        .requestHandler(routes::handle)
        .listen(0)
        .toCompletionStage()
        .toCompletableFuture()
        .join()
        .actualPort();
  }

  @Test
  void answerThatTakesLongerThanARequestMay_arrives() throws IOException, InterruptedException {
    Promise<WebAnswer> answer = Promise.promise();
    CountDownLatch asked = new CountDownLatch(1);
    int port = serve(
        path -> Optional.of(WebPage.get(() -> {
          asked.countDown();
          return answer.future();
        })),
        1000);
    try (Socket waiting = connect(port)) {
      waiting.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
      try (Socket idle = connect(port)) {
        assertThat(idle.getInputStream().read()).isEqualTo(-1);
      }
      answer.complete(WebAnswer.text(404, "nothing, after a long search"));
      assertThat(new String(waiting.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .endsWith("nothing, after a long search\n");
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    return socket;
  }
}
