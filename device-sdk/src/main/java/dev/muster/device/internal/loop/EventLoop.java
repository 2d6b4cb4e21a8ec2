/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.loop;

import dev.muster.device.internal.log.DeviceLogger;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One thread for tasks in their order, for tasks that are due, and for channels that are ready.
 * What runs on it must not wait for anything but a disk. Tasks given to it once it is closed do not
 * run.
 */
public final class EventLoop implements Executor {
  private static final Logger LOG = DeviceLogger.of(EventLoop.class);

  /** At a time, so that what is due, or ready, gets its turn in a flood of tasks. */
  private static final int MAX_BATCH = 64;

  /** Before a selector that fails is asked again. */
  private static final long FAILED_MS = 100;

  private final ThreadFactory threads;
  private final Consumer<RuntimeException> onFault;
  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  // Of the thread alone.
  private final PriorityQueue<Timed> timed = new PriorityQueue<>();
  private final Deque<Runnable> atRest = new ArrayDeque<>();

  private @Nullable Thread thread; // Written once, guarded by this.
  private volatile boolean started;
  private volatile boolean asleep;
  private volatile boolean closed;

  /**
   * Has no thread before the first task.
   *
   * @param threads makes the thread
   * @param onFault told on the thread when a task threw
   * @throws UncheckedIOException if the machine has no files left to open
   */
  public EventLoop(ThreadFactory threads, Consumer<RuntimeException> onFault) {
    this.threads = threads;
    this.onFault = onFault;
    try {
      this.selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A task that runs later, if it is not cancelled. */
  public static final class Timed implements Comparable<Timed> {
    private final long due;
    private volatile @Nullable Runnable task;

    Timed(long due, Runnable task) {
      this.due = due;
      this.task = task;
    }

    /** It will not begin any more. May be called by any thread. */
    public void cancel() {
      task = null;
    }

    @Override
    public int compareTo(Timed other) {
      return Long.compare(due - other.due, 0);
    }
  }

  /** Told that its channel is ready. */
  public interface Ready {
    void onReady(SelectionKey key);
  }

  @Override
  public void execute(Runnable task) {
    if (closed) {
      return;
    }
    tasks.add(task);
    start();
    wake();
  }

  /** Runs {@code task} later. May be called by any thread. */
  public Timed after(Duration delay, Runnable task) {
    Timed later = new Timed(System.nanoTime() + delay.toNanos(), task);
    if (isOwn()) {
      timed.add(later);
    } else {
      execute(() -> timed.add(later));
    }
    return later;
  }

  /**
   * Runs {@code task} when all tasks that wait have had their turn, before the thread sleeps: what
   * they have brought together goes at once. Called on the thread.
   */
  public void atRest(Runnable task) {
    atRest.add(task);
  }

  /** Watches a channel, which does not block; it is closed with the loop. Called on the thread. */
  public SelectionKey watch(SelectableChannel channel, int interest, Ready ready)
      throws IOException {
    return channel.register(selector, interest, ready);
  }

  /** Whether the caller runs on the thread. */
  public boolean isOwn() {
    return Thread.currentThread() == thread;
  }

  /** Runs nothing more, and closes the channels; what runs is not interrupted. */
  public void close() {
    closed = true;
    if (started) {
      wake();
    } else {
      closeChannels();
    }
  }

  private void start() {
    if (!started) {
      synchronized (this) {
        if (thread == null) {
          begin(threads.newThread(this::run));
        }
      }
    }
  }

  private void begin(Thread made) {
    thread = made;
    try {
      made.start();
      started = true;
    } finally {
      thread = started ? made : null; // The machine may have none; the next task tries again.
    }
  }

  private void wake() {
    if (asleep && !isOwn()) {
      asleep = false;
      selector.wakeup();
    }
  }

  private void run() {
    try {
      while (!closed) {
        runTurn();
      }
    } finally {
      tasks.clear();
      timed.clear();
      closeChannels();
    }
  }

  /** What escapes from a turn ends that turn: without this thread the device would be no more. */
  private void runTurn() {
    try {
      runDue();
      runBatch();
      runAtRest();
      select();
    } catch (RuntimeException | Error e) {
      asleep = false;
      tellOf(e);
      pause(); // What fails at once would fail for ever, and take all of a processor.
    }
  }

  private static void tellOf(Throwable failure) {
    try {
      LOG.error("Turn of the device's thread failed", failure);
    } catch (RuntimeException | Error e) {
      // No memory to say so, or a logger that fails.
    }
  }

  private void runDue() {
    long now = System.nanoTime();
    for (Timed next = timed.peek(); next != null && next.due - now <= 0; next = timed.peek()) {
      timed.poll();
      Runnable task = next.task;
      if (task != null) {
        guarded(task);
      }
    }
  }

  private void runBatch() {
    for (int i = 0; i < MAX_BATCH && !closed; i++) {
      Runnable task = tasks.poll();
      if (task == null) {
        return;
      }
      guarded(task);
    }
  }

  private void runAtRest() {
    // They may ask for another turn, which is the next one.
    for (int i = atRest.size(); i > 0 && !closed; i--) {
      guarded(atRest.remove());
    }
  }

  private void select() {
    try {
      asleep = true; // Whoever adds a task from here on wakes the selector.
      if (closed || !tasks.isEmpty() || !atRest.isEmpty()) {
        asleep = false;
        selector.selectNow(this::tell);
      } else {
        selectUntilDue();
        asleep = false;
      }
      Thread.interrupted(); // Nobody means this thread; but the selector would not sleep any more.
    } catch (IOException e) {
      asleep = false;
      LOG.warn("Network not watched, tried again reason={}", e.toString());
      pause();
    }
  }

  private void selectUntilDue() throws IOException {
    Timed next = timed.peek();
    if (next == null) {
      selector.select(this::tell);
      return;
    }
    long left = next.due - System.nanoTime();
    if (left <= 0) {
      selector.selectNow(this::tell);
    } else {
      // Rounded up: a little too late is better than again and again.
      selector.select(this::tell, TimeUnit.NANOSECONDS.toMillis(left) + 1);
    }
  }

  private void tell(SelectionKey key) {
    if (key.attachment() instanceof Ready ready) {
      guarded(() -> ready.onReady(key));
    }
  }

  private static void pause() {
    try {
      Thread.sleep(FAILED_MS);
    } catch (InterruptedException e) {
      // It was to end anyhow.
    }
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      onFault.accept(e);
    } catch (Error e) {
      // No memory, or a class that is missing: what comes next may fare better.
      LOG.error("Task failed", e);
    }
  }

  private void closeChannels() {
    for (SelectionKey key : selector.keys()) {
      close(key.channel());
    }
    close(selector);
  }

  /** One that fails leaves the others to be closed. */
  private static void close(Closeable one) {
    try {
      one.close();
    } catch (IOException e) {
      LOG.debug("Network not closed", e);
    }
  }
}
