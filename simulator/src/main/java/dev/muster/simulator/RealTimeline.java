/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The time of this machine. All threads are daemons: none keeps a program from ending. */
final class RealTimeline implements Timeline, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RealTimeline.class);
  private static final int SCHEDULING_THREADS = 4;

  private final ScheduledThreadPoolExecutor scheduler;
  private final ThreadPoolExecutor blockingTasks;

  RealTimeline() {
    scheduler = new ScheduledThreadPoolExecutor(SCHEDULING_THREADS, threads("simulator-send-"));
    scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    // After the end nobody waits for a task any more.
    scheduler.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    // A thread for each task: few devices start at once, and closing must not take turns, because
    // each device may wait a second for its last acknowledgements.
    blockingTasks = new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        5,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        threads("simulator-device-"),
        new ThreadPoolExecutor.DiscardPolicy());
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public void at(long nanos, Runnable task) {
    scheduler.schedule(guarded(task), Math.max(0, nanos - nanos()), TimeUnit.NANOSECONDS);
  }

  @Override
  public void blocking(Runnable task) {
    blockingTasks.execute(guarded(task));
  }

  /** Without this an executor would swallow the exception, and a device would just fall silent. */
  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("Simulation task failed", e);
      }
    };
  }

  private static ThreadFactory threads(String prefix) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Drops what has not begun; interrupts what has. */
  @Override
  public void close() {
    scheduler.shutdownNow();
    blockingTasks.shutdownNow();
  }
}
