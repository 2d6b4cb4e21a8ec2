/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.internal.connection.Conversations;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.log.LogRing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Two threads for what may take long, apart from the one that keeps the device connected:
 * conversations, calls of the user, and commands. Of the calls one runs at a time, and of the
 * commands; so a command may wait for what a call tells it. Whenever a thread is free, a
 * conversation is next; should the user hold both for too long, with a command and a call, the call
 * is interrupted. Threads end when there has been nothing to do for a while.
 */
final class OnDemandThreads implements Conversations {
  private static final Logger LOG = DeviceLogger.of(OnDemandThreads.class);
  private static final int MOST = 2;
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final ThreadFactory factory;
  private final long idleNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();

  // Guarded by the lock, as the sequences are.
  private final Queue<Runnable> conversations = new ArrayDeque<>();
  private final Sequence calls = new Sequence(Integer.MAX_VALUE);
  private final Sequence commands;
  private int threads;
  private int busy; // Of the threads, those at a task.

  /** @param maxCommands how many may wait */
  OnDemandThreads(String name, LogRing log, int maxCommands) {
    this(
        task -> {
          Thread thread = new Thread(log.bound(task), name);
          thread.setDaemon(true);
          return thread;
        },
        IDLE,
        maxCommands);
  }

  OnDemandThreads(ThreadFactory factory, Duration idle, int maxCommands) {
    this.factory = factory;
    this.idleNanos = idle.toNanos();
    this.commands = new Sequence(maxCommands);
  }

  /** Calls of the user, which should return soon. */
  Sequence calls() {
    return calls;
  }

  /** Commands, which may take long, and wait for a call. */
  Sequence commands() {
    return commands;
  }

  /** @throws RejectedExecutionException if no thread runs, and the machine has none */
  @Override
  public void execute(Runnable conversation) {
    boolean isMachineFull;
    lock.lock();
    try {
      conversations.add(conversation);
      isMachineFull = !provideThread() && threads < MOST;
      if (threads == 0) {
        conversations.remove(conversation);
        throw new RejectedExecutionException("no thread can be had");
      }
    } finally {
      lock.unlock();
    }
    if (isMachineFull) {
      LOG.warn("No thread can be had, a conversation may wait for a call or a command");
    }
  }

  /** Interrupts the call that runs, if one does; no command, which may take long. */
  @Override
  public boolean makeRoom(Runnable conversation) {
    String place = "";
    int times = 0;
    lock.lock();
    try {
      if (!conversations.contains(conversation)) {
        return false;
      }
      // For the first of several: else one call would be interrupted for each of them.
      if (conversations.peek() == conversation && !provideThread() && isHeldByUser()) {
        place = calls.place();
        times = calls.interrupt();
      }
    } finally {
      lock.unlock();
    }
    if (times == 1) {
      LOG.warn(
          "Callback interrupted, its thread is needed to connect or to renew at={} (expected: it"
              + " returns soon, above all while a command runs)",
          place);
    } else if (times == 2) {
      LOG.error("Callback interrupted in vain, no thread to connect or to renew at={}", place);
    }
    return true;
  }

  /** Which call conversations wait for, though it was interrupted; null if they do not. */
  @Nullable String problem() {
    lock.lock();
    try {
      return conversations.isEmpty() || !isHeldByUser() || calls.interrupts < 2
          ? null
          : "a callback does not return, though interrupted, and no thread is left to connect or to"
              + " renew: " + calls.place();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has a thread look for what waits, which calls another one if that is more than it can do.
   *
   * @return false if all are at work, and there are two, or the machine has no more
   */
  private boolean provideThread() {
    if (busy < threads) {
      work.signal(); // It may only just begin, and will look by itself.
      return true;
    }
    return threads < MOST && begin();
  }

  private boolean begin() {
    try {
      factory.newThread(this::work).start();
      threads++;
      return true;
    } catch (OutOfMemoryError e) {
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
      calls.leave();
      commands.leave();
      long left = idleNanos;
      while (!isWorkLeft() && left > 0) {
        left = awaitWork(left);
      }
      Thread.interrupted(); // Meant for a task that is over.
      task = poll();
      busy += task == null ? 0 : 1;
      if (isWorkLeft()) {
        provideThread();
      }
    } finally {
      threads -= task == null ? 1 : 0; // Whatever ends it.
      lock.unlock();
    }
    return task;
  }

  /** If not, one is free in time by itself. */
  private boolean isHeldByUser() {
    return threads == (calls.at == null ? 0 : 1) + (commands.at == null ? 0 : 1);
  }

  private boolean isWorkLeft() {
    return !conversations.isEmpty() || calls.isReady() || commands.isReady();
  }

  /** Calls go before commands, which may wait for them. */
  private @Nullable Runnable poll() {
    Runnable conversation = conversations.poll();
    if (conversation != null) {
      return conversation;
    }
    return calls.isReady() ? calls.begin() : commands.begin();
  }

  private long awaitWork(long nanos) {
    try {
      return work.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return nanos; // Meant for a task that is over.
    }
  }

  /** Runs its tasks one after the other, on whichever thread is free. */
  final class Sequence implements Executor {
    private final int limit;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private @Nullable Thread at; // The thread that is at one of its tasks.
    private int interrupts; // Of that task.
    private boolean stopped;

    private Sequence(int limit) {
      this.limit = limit;
    }

    /**
     * Runs a task when it is its turn; if there is no thread now, together with the next one.
     *
     * @throws RejectedExecutionException if too many wait, or it was stopped
     */
    @Override
    public void execute(Runnable task) {
      boolean putOff;
      lock.lock();
      try {
        if (stopped || waiting.size() >= limit) {
          throw new RejectedExecutionException(stopped ? "stopped" : limit + " tasks wait");
        }
        waiting.add(task);
        putOff = isReady() && !provideThread() && threads == 0;
      } finally {
        lock.unlock();
      }
      if (putOff) {
        LOG.warn("No thread can be had, tasks put off");
      }
    }

    /** Interrupts what runs, and forgets what waits. */
    void stop() {
      lock.lock();
      try {
        if (!stopped) {
          stopped = true;
          waiting.clear();
          interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    private boolean isReady() {
      return at == null && !waiting.isEmpty();
    }

    private @Nullable Runnable begin() {
      if (isReady()) {
        at = Thread.currentThread();
        return waiting.poll();
      }
      return null;
    }

    private void leave() {
      if (at == Thread.currentThread()) {
        at = null;
        interrupts = 0;
      }
    }

    /** @return how often its task was interrupted by now; 0 if none runs */
    private int interrupt() {
      if (at != null) {
        at.interrupt();
        interrupts++;
      }
      return interrupts;
    }

    /** Where its task is, for whoever has to find it: the innermost that is not Java's own. */
    private String place() {
      StackTraceElement[] stack = at == null ? new StackTraceElement[0] : at.getStackTrace();
      return Stream.of(stack)
          .filter(frame -> !String.valueOf(frame.getModuleName()).startsWith("java."))
          .map(StackTraceElement::toString)
          .findFirst()
          .orElse("?");
    }
  }
}
