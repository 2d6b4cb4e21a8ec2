/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import io.vertx.core.Future;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Has a question about telemetry wait until the database holds what was acknowledged before it, so
 * that whoever has seen a PUBACK finds the message. Not for long: an old answer beats none.
 */
final class Freshness {
  private static final long LIMIT_MS = 1_000;
  private static final List<String> PATHS = List.of(
      "/telemetry",
      "/telemetry/*",
      "/devices/:id/telemetry",
      "/devices/:id/telemetry/*",
      "/devices/:id/messages",
      "/devices/:id/dead-letters",
      "/dead-letters",
      "/dead-letters/*");

  private final Supplier<CompletableFuture<Void>> settled;

  Freshness(Supplier<CompletableFuture<Void>> settled) {
    this.settled = settled;
  }

  /** Before the routes that answer. */
  void mount(Router router) {
    PATHS.forEach(path -> router.get(path).handler(this::await));
  }

  private void await(RoutingContext context) {
    CompletableFuture<Void> soon =
        settled.get().copy().completeOnTimeout(null, LIMIT_MS, TimeUnit.MILLISECONDS);
    if (soon.isDone()) {
      context.next();
    } else {
      Future.fromCompletionStage(soon, context.vertx().getOrCreateContext())
          .onComplete(done -> context.next());
    }
  }
}
