/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

/** Ends the process in good order when it is asked to. */
final class Shutdown {
  private static final long LIMIT_MILLIS = 4_500;

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

  /** Waits for the thread that runs the command to finish what it does at its end. */
  static void join(Thread thread) {
    try {
      thread.join(LIMIT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
