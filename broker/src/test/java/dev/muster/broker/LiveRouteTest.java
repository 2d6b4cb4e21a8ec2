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
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LiveRouteTest {
  private static final int IDLE_SECONDS = 3;
  private static final int SERIES = 40;
  private static final int VALUES = 8;
  private static final int BUFFER_BYTES = 1 << 14;

  /** Some more than the route takes from one look for values to the next. */
  private static final int FLUSH_MS = 300;

  @Test
  void quietStream_outlivesTheServersTimeLimit_becauseItSaysThatItIsStillThere() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      // Twice a second: far more often than needed, for a machine that is busy.
      int port = serve(vertx, new LiveRoute(new LiveFeed(Runnable::run), 2), IDLE_SECONDS);
      long start = System.nanoTime();
      try (Socket socket = ask(port)) {
        BufferedReader lines = lines(socket);
        while (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(IDLE_SECONDS + 1)) {
          assertThat(lines.lines().anyMatch("event: alive"::equals)).isTrue();
        }
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** While nobody reads, values replace each other: there is no queue of them, which would grow. */
  @Test
  void slowReader_getsFewEvents_andTheNewestValuesLast() throws Exception {
    Vertx vertx = Vertx.vertx();
    LiveFeed feed = new LiveFeed(Runnable::run);
    try (Socket socket = ask(serve(vertx, new LiveRoute(feed), 0))) {
      BufferedReader lines = lines(socket);
      assertThat(lines.lines().anyMatch(": values as they come"::equals)).isTrue();
      for (int i = 1; i <= VALUES; i++) {
        feed.acknowledged(value(i));
        tick(vertx);
      }
      List<Integer> seen = new ArrayList<>();
      while (seen.isEmpty() || seen.get(seen.size() - 1) != VALUES) {
        String line = lines.readLine();
        if (line.startsWith("data: ")) {
          JsonArray values = new JsonArray(line.substring("data: ".length()));
          assertThat(values).as("each series once").hasSizeLessThanOrEqualTo(SERIES);
          String found = values.getJsonObject(0).getString("value");
          seen.add(Integer.parseInt(found.substring(0, found.indexOf('x'))));
        }
      }
      // The first, which filled what is between us, and the last; not one for each look.
      assertThat(seen).isSorted().hasSizeLessThan(VALUES / 2);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** Waits until the route has looked for values. */
  private static void tick(Vertx vertx) throws Exception {
    CompletableFuture<Long> over = new CompletableFuture<>();
    vertx.setTimer(FLUSH_MS, over::complete);
    over.get(60, TimeUnit.SECONDS);
  }

  /** One of 160 kB, which fits into no buffer on the way. */
  private static TelemetryMessage value(int number) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d1/telemetry/s").orElseThrow();
    Instant at = Instant.ofEpochSecond(1_800_000_000L + number);
    String text = number + "x".repeat(4_000);
    String payload = IntStream.range(0, SERIES)
        .mapToObj(series -> "\"t" + series + "\":\"" + text + "\"")
        .collect(Collectors.joining(",", "{", "}"));
    return TelemetryMessage.read(topic, null, at, null, payload.getBytes(StandardCharsets.UTF_8));
  }

  private static int serve(Vertx vertx, LiveRoute route, int idleSeconds) throws Exception {
    Router router = Router.router(vertx);
    route.mount(router);
    return vertx
        .createHttpServer(
            new HttpServerOptions().setIdleTimeout(idleSeconds).setSendBufferSize(BUFFER_BYTES))
        .requestHandler(router)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS)
        .actualPort();
  }

  private static Socket ask(int port) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(BUFFER_BYTES);
    socket.connect(new InetSocketAddress("127.0.0.1", port));
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
