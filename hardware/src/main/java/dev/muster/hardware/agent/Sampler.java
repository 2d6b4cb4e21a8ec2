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
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again, whatever becomes of each time. Has one thread. */
final class Sampler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

  private final BooleanSupplier round;
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

  /**
   * @param round tells whether it could be done
   * @param supervisor is told that the thread gets on
   */
  Sampler(BooleanSupplier round, Duration interval, Supervisor supervisor) {
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
    boolean failed = true;
    try {
      failed = !round.getAsBoolean();
    } catch (RuntimeException e) {
      failed = false;
      LOG.error("Sensors not read reason={}", e.getMessage(), e);
    } catch (Error e) {
      LOG.error("Sensors not read reason={}", e.toString(), e);
    } finally {
      goOn(failed);
    }
  }

  private synchronized void goOn(boolean failed) {
    broken = failed;
    schedule(interval);
  }

  /**
   * After an error the program itself is not to be trusted, and what could not be done may be done
   * by one that is started anew; until a round is done again.
   */
  synchronized boolean getsOn() {
    return !broken;
  }

  @Override
  public void close() {
    supervisor.stopping();
    thread.shutdownNow();
  }
}
