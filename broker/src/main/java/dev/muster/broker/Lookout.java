/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a second at files that may have changed, on a thread of its own. A look that fails
 * keeps no other from being taken.
 */
final class Lookout implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);
  private static final long PAUSE_SECONDS = 1;

  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "muster-lookout");
        thread.setDaemon(true);
        return thread;
      });

  private Lookout() {}

  static Lookout start(List<Runnable> looks) {
    Lookout lookout = new Lookout();
    lookout.executor.scheduleWithFixedDelay(
        () -> looks.forEach(Lookout::guarded), PAUSE_SECONDS, PAUSE_SECONDS, TimeUnit.SECONDS);
    return lookout;
  }

  /** A schedule ends for good with the first exception, or error: it may be out of memory once. */
  private static void guarded(Runnable look) {
    try {
      look.run();
    } catch (RuntimeException | Error e) {
      LOG.error("Files could not be looked at", e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
