/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FreshnessTest {
  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger asked = new AtomicInteger();
  private volatile CompletableFuture<Void> settled = new CompletableFuture<>();
  private HttpServer server;

  @BeforeEach
  void listen() throws Exception {
    Router router = Router.router(vertx);
    new Freshness(() -> {
          asked.incrementAndGet();
          return settled;
        })
        .mount(router);
    router.get().handler(context -> context.end("answer"));
    server = vertx
        .createHttpServer()
        .requestHandler(router)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(5, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private CompletableFuture<String> get(String path) {
    URI uri = URI.create("http://127.0.0.1:" + server.actualPort() + path);
    return HttpClient.newHttpClient()
        .sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .thenApply(HttpResponse::body);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/telemetry",
        "/telemetry/latest?device=a",
        "/devices/a/telemetry?from=1",
        "/devices/a/telemetry/latest",
        "/devices/a/messages",
        "/devices/a/dead-letters?limit=2",
        "/dead-letters",
        "/dead-letters/7"
      })
  void question_waitsUntilTheDatabaseHasWhatCameBefore(String path) {
    CompletableFuture<String> answer = get(path);
    await().until(() -> asked.get() == 1);
    assertThat(answer).isNotDone();
    settled.complete(null);
    await().untilAsserted(() -> assertThat(answer).isCompletedWithValue("answer"));
  }

  @Test
  void question_isAnsweredWithoutIt_afterAWhile() throws Exception {
    assertThat(get("/telemetry").get(30, TimeUnit.SECONDS)).isEqualTo("answer");
    assertThat(settled).as("the wait is the question's own").isNotDone();
  }

  @Test
  void otherQuestions_doNotWait() throws Exception {
    assertThat(get("/sessions").get(30, TimeUnit.SECONDS)).isEqualTo("answer");
    assertThat(asked).hasValue(0);
  }
}
