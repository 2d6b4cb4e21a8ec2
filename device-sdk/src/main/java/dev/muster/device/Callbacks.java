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
 * The thread on which a device calls its user, apart from those that keep it connected. It ends
 * when there is nothing to tell. Its queue has no limit of its own: what is put there is bounded by
 * the queue of messages, and by the status that leaves calls out.
 */
final class Callbacks implements Executor {
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor executor;

  Callbacks() {
    executor = new ThreadPoolExecutor(
        1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
          Thread thread = new Thread(task, "muster-callbacks");
          thread.setDaemon(true);
          return thread;
        });
    executor.allowCoreThreadTimeOut(true);
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(task);
  }
}
