/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work in the background of the store, on a thread of its own. Goes on whatever happens. */
public final class Upkeep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  private static final long AFTER_FAILURE_MS = 10_000;
  private static final long CLOSE_SECONDS = 10;
  private static final int PAUSE_PER_WORK = 10;
  private static final long LONGEST_STRETCH_NS = Duration.ofSeconds(5).toNanos();

  /** A little of the work. */
  @FunctionalInterface
  public interface Step {
    /** @return whether there is more to do */
    boolean run() throws SQLException;
  }

  private final String name;
  private final Step step;
  private final Duration pause;
  private final int restPerWork;
  private final Counter failures;
  private final ScheduledThreadPoolExecutor thread;
  private volatile @Nullable String problem;

  private Upkeep(String name, Step step, Duration pause, int restPerWork, MeterRegistry meters) {
    this.name = name;
    this.step = step;
    this.pause = pause;
    this.restPerWork = restPerWork;
    this.failures = meters.counter("muster.telemetry.upkeep.failures", "work", name);
    this.thread =
        new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "muster-telemetry-" + name));
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Starts it.
   *
   * @param pause when there is nothing to do; longer, up to 5 s, after much work
   * @param restPerWork how many times as long as it worked it rests while there is more to do
   */
  public static Upkeep start(
      String name, Step step, Duration pause, int restPerWork, MeterRegistry meters) {
    Upkeep upkeep = new Upkeep(name, step, pause, restPerWork, meters);
    upkeep.thread.execute(upkeep::run);
    return upkeep;
  }

  private void run() {
    long wait;
    try {
      long start = System.nanoTime();
      boolean more = step.run();
      long took = System.nanoTime() - start;
      wait = more ? took * restPerWork : pauseAfter(took);
      if (problem != null) {
        LOG.info("Telemetry upkeep works again work={}", name);
        problem = null;
      }
    } catch (SQLException | RuntimeException | Error e) {
      // An error, too: memory that is short now need not be so the next time.
      wait = afterFailure(e);
    }
    try {
      thread.schedule(this::run, wait, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Telemetry upkeep ended work={}", name);
    }
  }

  /** What is done in bigger strokes costs less of them. */
  private long pauseAfter(long took) {
    return Math.max(pause.toNanos(), Math.min(took * PAUSE_PER_WORK, LONGEST_STRETCH_NS));
  }

  private long afterFailure(Throwable e) {
    failures.increment();
    if (problem == null) {
      LOG.warn("Telemetry upkeep failed work={} reason={}", name, e.toString());
    }
    problem = "telemetry " + name + ": " + Engine.rootMessage(e);
    return TimeUnit.MILLISECONDS.toNanos(AFTER_FAILURE_MS);
  }

  /** Why it did not work the last time; empty if all is well. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /** Waits for the step that runs, at most 10 s. */
  @Override
  public void close() {
    // Not interrupted: H2's file would be closed under everybody's feet.
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("Telemetry upkeep did not stop work={}", name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
