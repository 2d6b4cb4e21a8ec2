/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.live.LiveFeed;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LiveRouteTest {
  private static final int IDLE_SECONDS = 1;
  private static final int HEARTBEATS = 5;

  @Test
  void quietStream_outlivesTheServersTimeLimit_becauseItSaysThatItIsStillThere() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      Router router = Router.router(vertx);
      // Twice a second.
      new LiveRoute(new LiveFeed(), 2).mount(router);
      int port = vertx
          .createHttpServer(new HttpServerOptions().setIdleTimeout(IDLE_SECONDS))
          .requestHandler(router)
          .listen(0, "127.0.0.1")
          .toCompletionStage()
          .toCompletableFuture()
          .get(5, TimeUnit.SECONDS)
          .actualPort();
      long start = System.nanoTime();
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(5_000);
        socket
            .getOutputStream()
            .write("GET /telemetry/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        BufferedReader lines = new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        assertThat(lines.lines().filter(": still here"::equals).limit(HEARTBEATS))
            .hasSize(HEARTBEATS);
      }
      assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
          .isGreaterThan(IDLE_SECONDS);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }
  }
}
