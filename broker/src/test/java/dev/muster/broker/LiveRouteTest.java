/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.live.LiveFeed;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.ext.web.Router;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LiveRouteTest {
  private static final int IDLE_SECONDS = 1;
  private static final int HEARTBEATS = 5;
  private static final int VALUES = 2_000;

  @Test
  void quietStream_outlivesTheServersTimeLimit_becauseItSaysThatItIsStillThere() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      // Twice a second.
      int port = serve(vertx, new LiveRoute(new LiveFeed(), 2), IDLE_SECONDS);
      long start = System.nanoTime();
      try (Socket socket = ask(port)) {
        BufferedReader lines = lines(socket);
        assertThat(lines.lines().filter(": still here"::equals).limit(HEARTBEATS))
            .hasSize(HEARTBEATS);
      }
      assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
          .isGreaterThan(IDLE_SECONDS);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void slowReader_getsFewEvents_andTheNewestValueLast() throws Exception {
    Vertx vertx = Vertx.vertx();
    LiveFeed feed = new LiveFeed();
    try (Socket socket = ask(serve(vertx, new LiveRoute(feed), 0))) {
      BufferedReader lines = lines(socket);
      assertThat(lines.lines().anyMatch(": values as they come"::equals)).isTrue();
      String text = "x".repeat(4_000);
      for (int i = 1; i <= VALUES; i++) {
        feed.stored(value(i, text));
      }
      List<Integer> seen = new ArrayList<>();
      while (seen.isEmpty() || seen.get(seen.size() - 1) != VALUES) {
        String line = lines.readLine();
        if (line.startsWith("data: ")) {
          JsonArray values = new JsonArray(line.substring("data: ".length()));
          assertThat(values).as("one series").hasSize(1);
          String found = values.getJsonObject(0).getString("value");
          seen.add(Integer.parseInt(found.substring(0, found.indexOf('x'))));
        }
      }
      assertThat(seen).isSorted().hasSizeLessThan(VALUES / 10);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    }
  }

  private static TelemetryMessage value(int number, String text) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d1/telemetry/s").orElseThrow();
    Instant at = Instant.ofEpochSecond(1_800_000_000L + number);
    byte[] payload = ("{\"t\":\"" + number + text + "\"}").getBytes(StandardCharsets.UTF_8);
    return TelemetryMessage.read(topic, null, at, null, payload);
  }

  private static int serve(Vertx vertx, LiveRoute route, int idleSeconds) throws Exception {
    Router router = Router.router(vertx);
    route.mount(router);
    return vertx
        .createHttpServer(new HttpServerOptions().setIdleTimeout(idleSeconds))
        .requestHandler(router)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(5, TimeUnit.SECONDS)
        .actualPort();
  }

  private static Socket ask(int port) throws IOException {
    Socket socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(60_000);
    socket
        .getOutputStream()
        .write("GET /telemetry/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static BufferedReader lines(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }
}
