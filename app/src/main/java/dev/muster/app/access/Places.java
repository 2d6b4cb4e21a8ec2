/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.handler.HttpException;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads to work on what blocks, and room for some who wait for one. */
final class Places {
  /** A password takes 19 MiB while it is looked at. */
  private static final int MAX_WAITING = 50;

  private final WorkerExecutor workers;
  private final AtomicInteger waiting = new AtomicInteger();

  Places(WorkerExecutor workers) {
    this.workers = workers;
  }

  /** Fails with a 503 if so many wait already. */
  <T> Future<T> run(Callable<T> work) {
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(new HttpException(503, "busy, try again later"));
    }
    return workers.executeBlocking(work, false).onComplete(ended -> waiting.decrementAndGet());
  }
}
