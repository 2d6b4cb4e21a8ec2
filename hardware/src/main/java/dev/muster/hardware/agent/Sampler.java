/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again, whatever becomes of each time. Has one thread. */
final class Sampler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

  private final Runnable round;
  private final Supervisor supervisor;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "muster-sampler");
        thread.setDaemon(true);
        return thread;
      });
  private Duration interval;
  private @Nullable Future<?> next;
  private boolean broken;

  /** @param supervisor is told that the thread gets on */
  Sampler(Runnable round, Duration interval, Supervisor supervisor) {
    this.round = round;
    this.interval = interval;
    this.supervisor = supervisor;
  }

  void start() {
    schedule(Duration.ZERO);
    supervisor.watch(thread, this::getsOn);
  }

  synchronized void changeInterval(Duration wanted) {
    if (!wanted.equals(interval)) {
      interval = wanted;
      schedule(Duration.ZERO);
    }
  }

  private synchronized void schedule(Duration delay) {
    if (next != null) {
      next.cancel(false);
    }
    if (!thread.isShutdown()) {
      next = thread.schedule(this::doAndGoOn, delay.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void doAndGoOn() {
    boolean error = true;
    try {
      round.run();
      error = false;
    } catch (RuntimeException e) {
      error = false;
      LOG.error("Sensors not read reason={}", e.getMessage(), e);
    } catch (Error e) {
      LOG.error("Sensors not read reason={}", e.toString(), e);
    } finally {
      goOn(error);
    }
  }

  private synchronized void goOn(boolean error) {
    broken = error;
    schedule(interval);
  }

  /** After an error the program itself is not to be trusted, until a round is done again. */
  synchronized boolean getsOn() {
    return !broken;
  }

  @Override
  public void close() {
    supervisor.stopping();
    thread.shutdownNow();
  }
}
