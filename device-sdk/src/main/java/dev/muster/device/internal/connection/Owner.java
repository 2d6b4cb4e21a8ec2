/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.internal.log.LogRing;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The one thread that owns a device's state. Tasks of it must not wait for anything but a disk. */
final class Owner {
  /** At a time, so that what is due by the clock gets its turn in a flood of tasks. */
  private static final int MAX_BATCH = 64;

  private final ScheduledThreadPoolExecutor executor;
  private final Consumer<RuntimeException> onFault;

  /**
   * In order, and run in batches: the executor's own queue is sorted by time, and costs as much.
   */
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean batchRequested = new AtomicBoolean();

  /**
   * @param log keeps what is logged on the thread
   * @param onFault runs on the owner thread when a task threw
   */
  Owner(String name, LogRing log, Consumer<RuntimeException> onFault) {
    this.onFault = onFault;
    this.executor = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(log.bound(task), name);
      thread.setDaemon(true);
      return thread;
    });
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Runs {@code task} soon; not at all once the device is closed. */
  void execute(Runnable task) {
    tasks.add(task);
    requestBatch();
  }

  private void requestBatch() {
    if (batchRequested.compareAndSet(false, true)) {
      try {
        executor.execute(this::runBatch);
      } catch (RejectedExecutionException e) {
        tasks.clear(); // The device is closed; what happens to it no longer matters.
        batchRequested.set(false);
      }
    }
  }

  private void runBatch() {
    batchRequested.set(false);
    try {
      for (int i = 0; i < MAX_BATCH && !executor.isShutdown(); i++) {
        Runnable task = tasks.poll();
        if (task == null) {
          return;
        }
        guarded(task);
      }
    } finally {
      if (!tasks.isEmpty()) {
        requestBatch();
      }
    }
  }

  /** Runs {@code task} later; null once the device is closed. */
  @Nullable Future<?> after(Duration delay, Runnable task) {
    try {
      return executor.schedule(() -> guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return null;
    }
  }

  ScheduledExecutorService timer() {
    return executor;
  }

  void shutdown() {
    executor.shutdownNow();
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      onFault.accept(e);
    }
  }
}
