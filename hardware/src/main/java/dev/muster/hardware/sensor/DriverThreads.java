/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks drivers, one after the other, on a thread that may be left to one that does not answer: no
 * program can end a read in the kernel. For use by one thread.
 */
final class DriverThreads {
  private static final Logger LOG = LoggerFactory.getLogger(DriverThreads.class);

  /** How many threads may be left behind. */
  private static final int MOST = 4;

  private static final int IDLE_SECONDS = 1;

  private final Duration patience;
  /** What has not been answered yet, by driver. */
  private final Map<String, Future<?>> open = new HashMap<>();

  private ExecutorService thread = newThread();

  DriverThreads(Duration patience) {
    this.patience = patience;
  }

  private static ExecutorService newThread() {
    ThreadPoolExecutor one = new ThreadPoolExecutor(
        1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
          Thread thread = new Thread(task, "muster-sensors");
          thread.setDaemon(true);
          return thread;
        });
    one.allowCoreThreadTimeOut(true);
    return one;
  }

  /**
   * Asks a driver.
   *
   * @param question must not throw
   * @return empty if it does not answer in time, or has not yet answered what it was asked before
   */
  <T> Optional<T> ask(String driver, Supplier<T> question) throws InterruptedException {
    if (areUsedUp() || open.containsKey(driver)) {
      return Optional.empty();
    }
    Future<T> answer = thread.submit(question::get);
    try {
      return Optional.of(answer.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      LOG.warn("Sensors do not answer driver={} (not asked again until they do)", driver);
      open.put(driver, answer);
      thread.shutdown();
      thread = newThread();
      return Optional.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Whether nobody is asked any more, because so many do not answer. */
  boolean areUsedUp() {
    open.values().removeIf(Future::isDone);
    return open.size() >= MOST;
  }
}
