/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.log.LogRing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Two threads for what may take long, apart from the one that keeps the device connected: calls of
 * the user, commands, and conversations with the enrollment server. Of these three one waits while
 * the others are busy; but a conversation never waits for the user: while both threads are held,
 * there is a third one for it. Threads end when there has been nothing to do for a while.
 */
final class OnDemandThreads implements Executor {
  private static final Logger LOG = DeviceLogger.of(OnDemandThreads.class);
  private static final int SHARED = 2;
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final ThreadFactory factory;
  private final long idleNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Deque<Runnable> tasks = new ArrayDeque<>(); // Guarded by the lock.
  private int threads; // Guarded by the lock.
  private int idle; // Guarded by the lock.

  OnDemandThreads(String name, LogRing log) {
    this(
        task -> {
          Thread thread = new Thread(log.bound(task), name);
          thread.setDaemon(true);
          return thread;
        },
        IDLE);
  }

  OnDemandThreads(ThreadFactory factory, Duration idle) {
    this.factory = factory;
    this.idleNanos = idle.toNanos();
  }

  /**
   * Runs a conversation at once. There is one at a time.
   *
   * @throws RejectedExecutionException if the machine has no thread for it
   */
  @Override
  public void execute(Runnable conversation) {
    lock.lock();
    try {
      tasks.addFirst(conversation);
      provideThread(SHARED + 1, conversation);
    } finally {
      lock.unlock();
    }
  }

  /** Runs a turn of a sequence as soon as one of the shared threads is free. */
  private void share(Runnable turn) {
    lock.lock();
    try {
      tasks.addLast(turn);
      provideThread(SHARED, turn);
    } finally {
      lock.unlock();
    }
  }

  private void provideThread(int most, Runnable task) {
    if (idle >= tasks.size()) {
      work.signal();
    } else if (threads < most && !begin() && threads == 0) {
      tasks.remove(task);
      throw new RejectedExecutionException("no thread can be had");
    }
  }

  private boolean begin() {
    try {
      factory.newThread(this::work).start();
      threads++;
      return true;
    } catch (OutOfMemoryError e) {
      LOG.warn("No thread can be had threads={} reason={}", threads, e.getMessage());
      return false;
    }
  }

  private void work() {
    for (Runnable task = next(); task != null; task = next()) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.error("Task failed", e);
      }
    }
  }

  /** The next task; null if there was none for so long that the thread has to end. */
  private @Nullable Runnable next() {
    lock.lock();
    try {
      long left = idleNanos;
      while (tasks.isEmpty()) {
        if (left <= 0) {
          threads--;
          return null;
        }
        left = awaitWork(left);
      }
      return tasks.poll();
    } finally {
      lock.unlock();
    }
  }

  private long awaitWork(long nanos) {
    idle++;
    try {
      return work.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return nanos; // Meant for a task that is over.
    } finally {
      idle--;
    }
  }

  /** Runs its tasks one after the other, on whichever shared thread is free. */
  final class Sequence implements Executor {
    private final int limit;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private @Nullable FutureTask<?> running;
    private boolean stopped;

    /** @param limit how many may wait; more are refused with a RejectedExecutionException */
    Sequence(int limit) {
      this.limit = limit;
    }

    /** Runs a task when it is its turn; if there is no thread now, together with the next one. */
    @Override
    public synchronized void execute(Runnable task) {
      if (stopped || waiting.size() >= limit) {
        throw new RejectedExecutionException(stopped ? "stopped" : limit + " tasks wait");
      }
      waiting.add(task);
      if (running == null) {
        FutureTask<?> turn = new FutureTask<>(this::runAll, null);
        try {
          share(turn);
          running = turn;
        } catch (RejectedExecutionException e) {
          LOG.warn("Tasks put off waiting={} reason={}", waiting.size(), e.getMessage());
        }
      }
    }

    private void runAll() {
      for (Runnable task = next(); task != null; task = next()) {
        try {
          task.run();
        } catch (RuntimeException | Error e) {
          LOG.error("Task failed", e);
        }
      }
    }

    private synchronized @Nullable Runnable next() {
      Runnable task = waiting.poll();
      if (task == null) {
        running = null;
      } else if (Thread.interrupted()) {
        LOG.debug("Interrupt of a task passed over"); // Not by stop, after which none waits.
      }
      return task;
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
