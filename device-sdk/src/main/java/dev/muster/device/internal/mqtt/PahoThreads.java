/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.loop.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Gives Paho a daemon thread for each of its loops.
 *
 * <p>After starting a loop Paho looks whether it runs already, and as it never does, sleeps for 100
 * ms; three times for each connection. So whoever starts a loop is woken as soon as that is likely
 * to run. And a cancelled loop is not interrupted: it ends by itself when its socket is closed, and
 * an interrupt would only hit whoever it tells about that.
 */
final class PahoThreads extends AbstractExecutorService implements ScheduledExecutorService {
  private static final long[] WAKE_AFTER_MS = {1, 3, 10, 30};

  private final EventLoop loop;

  PahoThreads(EventLoop loop) {
    this.loop = loop;
  }

  /** A thread made here, so that no other is ever interrupted. */
  private static final class Loop extends Thread {
    Loop(Runnable task) {
      super(task, "muster-mqtt");
      setDaemon(true);
    }

    void wakeIfAsleep() {
      if (getState() == State.TIMED_WAITING) {
        interrupt();
      }
    }
  }

  @Override
  public void execute(Runnable task) {
    new Loop(task).start();
  }

  @Override
  public Future<?> submit(Runnable task) {
    new Loop(task).start();
    if (Thread.currentThread() instanceof Loop starter) {
      for (long delay : WAKE_AFTER_MS) {
        loop.after(Duration.ofMillis(delay), starter::wakeIfAsleep);
      }
    }
    return new CompletableFuture<Void>();
  }

  @Override
  public void shutdown() {
    // Nothing is kept.
  }

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("the ping has its own timer");
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("the ping has its own timer");
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException("the ping has its own timer");
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("the ping has its own timer");
  }
}
