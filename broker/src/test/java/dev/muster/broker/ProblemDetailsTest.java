/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.HttpException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ProblemDetailsTest {
  @Test
  void request_thatCannotBeDecoded_isTheAskersMistake() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      Router router = Router.router(vertx);
      router.get("/devices").handler(ctx -> ctx.end(ctx.request().params().get("id")));
      router.get("/busy").handler(ctx -> ctx.fail(new HttpException(503, "busy")));
      int port = vertx
          .createHttpServer()
          .requestHandler(ProblemDetails.handling(router))
          .listen(0, "127.0.0.1")
          .toCompletionStage()
          .toCompletableFuture()
          .get(5, TimeUnit.SECONDS)
          .actualPort();
      assertThat(answer(port, "/devices?id=%C3%A4")).startsWith("HTTP/1.1 200").endsWith("\u00e4");
      for (String query : new String[] {"/devices?id=%zz", "/devices?%", "/devices?a=1&b=%4"}) {
        assertThat(answer(port, query))
            .as(query)
            .startsWith("HTTP/1.1 400")
            .contains("application/problem+json", "query: not percent-encoded");
      }
      assertThat(answer(port, "/%zz"))
          .startsWith("HTTP/1.1 400")
          .contains("path: not percent-encoded");
      assertThat(answer(port, "/busy").toLowerCase(Locale.ROOT))
          .startsWith("http/1.1 503")
          .contains("\nretry-after: 10", "\"detail\":\"busy\"");
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }
  }

  /** By hand: clients know better than to ask so. */
  private static String answer(int port, String target) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(60_000);
      String request =
          "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
          .lines()
          .collect(Collectors.joining("\n"));
    }
  }
}
