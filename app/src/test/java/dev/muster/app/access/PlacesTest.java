/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlacesTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private Places places(String name) {
    return new Places(vertx.createSharedWorkerExecutor(name, 2));
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void crowd_hasRoomForFifty_andIsInNobodyElsesWay() throws Exception {
    Places strangers = places("strangers");
    CountDownLatch gate = new CountDownLatch(1);
    Future<Boolean> last = Future.succeededFuture();
    for (int i = 0; i < 50; i++) {
      last = strangers.run(() -> gate.await(60, TimeUnit.SECONDS));
    }
    assertThat(strangers.run(() -> true).cause()).hasFieldOrPropertyWithValue("statusCode", 503);
    assertThat(await(places("known").run(() -> "let in"))).isEqualTo("let in");
    gate.countDown();
    assertThat(await(last)).isTrue();
  }
}
