/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.est.ConnectionPatrol;
import dev.muster.enrollment.est.HttpDates;
import dev.muster.enrollment.revocation.CrlPages;
import dev.muster.enrollment.revocation.CrlPublisher;
import dev.muster.enrollment.revocation.RevocationBench;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebRoutesTest {
  private static final String GET =
      "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

  /** More seconds than numbers were given to CRLs in one. */
  private static final Duration SETTLED = Duration.ofSeconds(20);

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

  @Test
  void crlMadeTwiceInASecond_isSentToWhoHasTheFirst_andAsksByDate(@TempDir Path folder)
      throws IOException {
    try (RevocationBench bench = new RevocationBench(folder)) {
      CrlPublisher publisher = new CrlPublisher(
          bench.registry,
          bench.authorities::issuers,
          Duration.ofDays(1),
          Duration.ofHours(1),
          bench.clock);
      publisher.publish("device");
      int port = serve(new CrlPages(publisher, bench.clock), 60_000);
      String first = lastModified(crl(port, null));
      publisher.publish("device");
      assertThat(crl(port, first)).startsWith("HTTP/1.1 200");
      bench.clock.advance(SETTLED);
      assertThat(crl(port, first)).startsWith("HTTP/1.1 200");
      String second = lastModified(crl(port, null));
      assertThat(crl(port, second)).startsWith("HTTP/1.1 304");

      // As the file is dated of who has fetched it.
      String fetched = HttpDates.format(bench.clock.instant());
      publisher.publish("device");
      assertThat(crl(port, fetched)).startsWith("HTTP/1.1 200");
      bench.clock.advance(SETTLED);
      assertThat(crl(port, fetched)).startsWith("HTTP/1.1 200");
      assertThat(crl(port, second)).startsWith("HTTP/1.1 200");
      assertThat(crl(port, lastModified(crl(port, null)))).startsWith("HTTP/1.1 304");
    }
  }

  private static String crl(int port, @Nullable String since) throws IOException {
    String condition = since == null ? "" : "If-Modified-Since: " + since + "\r\n";
    String request = "GET /crl/device.crl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + condition + "\r\n";
    try (Socket socket = connect(port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String lastModified(String answer) {
    Matcher matcher = Pattern.compile("(?i)\r\nLast-Modified: ([^\r]+)\r\n").matcher(answer);
    assertThat(matcher.find()).as(answer).isTrue();
    return matcher.group(1);
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    return socket;
  }
}
