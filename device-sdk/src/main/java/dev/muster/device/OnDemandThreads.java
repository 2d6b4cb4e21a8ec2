/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two threads for what may take long, apart from the one that keeps the device connected: calls of
 * the user, commands, and conversations with the enrollment server. Of these three one waits while
 * the others are busy. The threads end when there has been nothing to do for a while.
 */
final class OnDemandThreads implements Executor {
  private static final Logger LOG = LoggerFactory.getLogger(OnDemandThreads.class);
  private static final int THREADS = 2;
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor threads;

  OnDemandThreads(String name) {
    threads = new ThreadPoolExecutor(
        THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs a task as soon as a thread is free. */
  @Override
  public void execute(Runnable task) {
    threads.execute(task);
  }

  /** Runs its tasks one after the other, on whichever thread is free. */
  final class Sequence implements Executor {
    private final int limit;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private @Nullable Future<?> running;
    private boolean stopped;

    /** @param limit how many may wait; more are refused with a RejectedExecutionException */
    Sequence(int limit) {
      this.limit = limit;
    }

    @Override
    public synchronized void execute(Runnable task) {
      if (stopped || waiting.size() >= limit) {
        throw new RejectedExecutionException(stopped ? "stopped" : limit + " tasks wait");
      }
      waiting.add(task);
      if (running == null) {
        runNext();
      }
    }

    private synchronized void runNext() {
      Runnable task = waiting.poll();
      running = task == null ? null : threads.submit(() -> run(task));
    }

    private void run(Runnable task) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.error("Task failed", e);
      } finally {
        runNext();
      }
    }

    /** Interrupts what runs, and forgets what waits. */
    synchronized void stop() {
      stopped = true;
      waiting.clear();
      if (running != null) {
        running.cancel(true);
      }
    }
  }
}
