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
 * the user, commands, and conversations, which are those with the enrollment server and the
 * handshake with the broker. What finds no thread waits; but a conversation does not wait for the
 * user: if both threads are busy when it begins, there is a third one, until one of the three has
 * nothing to do. Threads end when there has been nothing to do for a while.
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
  private int busy; // Of the threads, those at a task. Guarded by the lock.

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
   * Runs a conversation at once, unless the user holds two threads and another conversation the
   * third: then when that one is over, which it is in time. Should the machine have no thread for
   * it, it is the next task of a thread that runs, and waits until that one's task is over.
   *
   * @throws RejectedExecutionException if no thread runs, and the machine has none
   */
  @Override
  public void execute(Runnable conversation) {
    boolean provided;
    lock.lock();
    try {
      tasks.addFirst(conversation);
      provided = provideThread(conversation, true);
    } finally {
      lock.unlock();
    }
    if (!provided) {
      LOG.warn("No thread can be had, a conversation may wait for calls of the program");
    }
  }

  /** Runs a turn of a sequence as soon as one of the shared threads is free. */
  private void share(Runnable turn) {
    lock.lock();
    try {
      tasks.addLast(turn);
      provideThread(turn, false);
    } finally {
      lock.unlock();
    }
  }

  /** @return false if it would have been given a thread of its own, but the machine has none */
  private boolean provideThread(Runnable task, boolean isConversation) {
    int free = threads - busy; // Some may only just begin, and will look for a task by themselves.
    if (free >= tasks.size()) {
      work.signal();
      return true;
    }
    // A conversation is the first of the tasks: a thread that is free will take it.
    boolean isThirdWanted = isConversation && free == 0 && threads == SHARED;
    return threads >= SHARED && !isThirdWanted || begin(task);
  }

  private boolean begin(Runnable task) {
    try {
      factory.newThread(this::work).start();
      threads++;
      return true;
    } catch (OutOfMemoryError e) {
      if (threads == 0) {
        tasks.remove(task);
        throw new RejectedExecutionException("no thread can be had", e);
      }
      return false;
    }
  }

  private void work() {
    Runnable task = next(null);
    while (task != null) {
      attempt(task);
      task = next(task);
    }
  }

  private static void attempt(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.error("Task failed", e);
    }
  }

  /**
   * The next task; null if there was none for so long that the thread has to end.
   *
   * @param done the one before; null if the thread begins
   */
  private @Nullable Runnable next(@Nullable Runnable done) {
    Runnable task = null;
    lock.lock();
    try {
      busy -= done == null ? 0 : 1;
      long left = threads > SHARED ? 0 : idleNanos;
      while (tasks.isEmpty() && left > 0) {
        left = awaitWork(left);
      }
      Thread.interrupted(); // Meant for a task that is over.
      task = tasks.poll();
    } finally {
      busy += task == null ? 0 : 1;
      threads -= task == null ? 1 : 0; // Whatever ends it.
      lock.unlock();
    }
    return task;
  }

  private long awaitWork(long nanos) {
    try {
      return work.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return nanos; // Meant for a task that is over.
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
    public void execute(Runnable task) {
      if (!add(task)) {
        LOG.warn("No thread can be had, tasks put off");
      }
    }

    /** @return whether there is a turn in which it runs */
    private synchronized boolean add(Runnable task) {
      if (stopped || waiting.size() >= limit) {
        throw new RejectedExecutionException(stopped ? "stopped" : limit + " tasks wait");
      }
      waiting.add(task);
      if (running != null && !running.isDone()) {
        return true;
      }
      FutureTask<?> turn = new FutureTask<>(this::runAll, null);
      try {
        share(turn);
        running = turn;
        return true;
      } catch (RejectedExecutionException e) {
        return false;
      }
    }

    private void runAll() {
      for (Runnable task = next(); task != null; task = next()) {
        attempt(task);
      }
    }

    private synchronized @Nullable Runnable next() {
      Runnable task = waiting.poll();
      if (task == null) {
        running = null;
      } else {
        Thread.interrupted(); // Meant for a task that is over; not by stop, after which none waits.
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
