/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.app.UserError;
import io.vertx.core.Future;
import java.net.BindException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits, on the thread that starts and stops things, for what Vert.x does on its own. */
final class Blocking {
  private static final long LIMIT_SECONDS = 30;

  private Blocking() {}

  /** @throws UserError if it fails or takes more than 30 s; {@code what} names it in the message */
  static <T> T await(Future<T> future, String what) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BindException) {
        throw new UserError(
            what + ": cannot listen (" + e.getCause().getMessage() + ")",
            "another program, or another muster, uses the port; set another with --set, or --ephemeral-ports");
      }
      throw new UserError(what + ": " + e.getCause().getMessage());
    } catch (TimeoutException e) {
      throw new UserError(what + ": not done within " + LIMIT_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError(what + ": interrupted");
    }
  }
}
