/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ends the process in good order when it is asked to. */
final class Shutdown {
  /** For all that is done when the signal comes. */
  static final Duration LIMIT = Duration.ofMillis(4_500);

  private Shutdown() {}

  /**
   * Runs {@code stop} at SIGINT or SIGTERM, and gives up after 4.5 s: whoever pressed Ctrl-C wants
   * the prompt back, and nothing that was acknowledged depends on a good order.
   *
   * @return takes that back, for a command that ends by itself
   */
  static Runnable onSignal(Runnable stop) {
    return onSignal(stop, () -> {});
  }

  /** @param last is run after that, and has the time it takes: what must not be left as it is */
  static Runnable onSignal(Runnable stop, Runnable last) {
    Thread hook = new Thread(
        () -> {
          stopInTime(stop);
          last.run();
        },
        "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    return () -> {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The signal came first, and the hook runs.
      }
    };
  }

  private static void stopInTime(Runnable stop) {
    System.err.println("muster: stopping ...");
    Thread worker = new Thread(stop, "stop");
    worker.setDaemon(true);
    worker.start();
    join(worker);
  }

  private static void join(Thread thread) {
    try {
      thread.join(LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits in a hook until a command has told what it tells at its end, at most so long. Not for its
   * thread, which cannot end before the hook has.
   *
   * @return whether it has
   */
  static boolean await(CountDownLatch told, Duration limit) {
    try {
      return told.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
