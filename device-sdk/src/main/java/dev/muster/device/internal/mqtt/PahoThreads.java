/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Gives Paho a daemon thread for each of its loops.
 *
 * <p>After starting a loop Paho looks whether it runs, and if not, sleeps 100 ms; three times for
 * each connection. So {@link #submit} returns once the new thread has come to wait for work, which
 * takes it microseconds. And a cancelled loop is not interrupted: it ends by itself when its socket
 * is closed, and an interrupt would only hit whoever it tells about that.
 */
final class PahoThreads extends AbstractExecutorService implements ScheduledExecutorService {
  private static final long STEP_NANOS = 200_000;
  private static final long PATIENCE_NANOS = 50_000_000;

  @Override
  public void execute(Runnable task) {
    start(task);
  }

  @Override
  public Future<?> submit(Runnable task) {
    Thread thread = start(task);
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!isSettled(thread) && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(STEP_NANOS);
    }
    return new CompletableFuture<Void>();
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task, "muster-mqtt");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static boolean isSettled(Thread thread) {
    Thread.State state = thread.getState();
    return state == Thread.State.WAITING
        || state == Thread.State.TIMED_WAITING
        || state == Thread.State.TERMINATED;
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
