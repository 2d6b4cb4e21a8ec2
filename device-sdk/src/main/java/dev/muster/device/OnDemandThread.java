/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A thread that calls the user of a device, one task after the other, apart from those that keep
 * the device connected. It ends when there has been nothing to do for a while.
 */
final class OnDemandThread implements Executor {
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor executor;

  /** @param limit how many may wait; more are refused with a RejectedExecutionException */
  OnDemandThread(String name, int limit) {
    executor = new ThreadPoolExecutor(
        1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(limit), task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
    executor.allowCoreThreadTimeOut(true);
  }

  /** Interrupts what runs, and forgets what waits. */
  void stop() {
    executor.shutdownNow();
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(task);
  }
}
