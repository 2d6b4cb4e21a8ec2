/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Has tasks done by a number of clients, as fast as they can or at a rate, and looks at the clock.
 */
final class Load {
  private static final int CLIENTS = 32;

  /** The same for all loads: what it costs to start them is no load. */
  private static final ExecutorService POOL = pool();

  /** One request, or a connection with its requests. */
  interface Task {
    void run() throws IOException;
  }

  /**
   * What came of it; latencies count from when a task was due, so that what the clients' own
   * collector stopped them for is among them.
   */
  record Result(int requests, double seconds, long[] latenciesNs, long clientsStoppedMs) {
    double perSecond() {
      return requests / seconds;
    }

    double percentileMs(double percentile) {
      int index = (int) Math.min(latenciesNs.length - 1, percentile / 100 * latenciesNs.length);
      return latenciesNs[index] / 1e6;
    }
  }

  private Load() {}

  private static ExecutorService pool() {
    AtomicInteger count = new AtomicInteger();
    return Executors.newFixedThreadPool(CLIENTS, work -> {
      Thread thread = new Thread(work, "client-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    });
  }

  /** As fast as they can. @param requestsPerTask how many requests each of the tasks makes */
  static Result closed(List<Task> tasks, int requestsPerTask) {
    return run(tasks, requestsPerTask, 0);
  }

  /** One task each {@code 1 / perSecond}, whether or not the ones before are done. */
  static Result open(List<Task> tasks, double perSecond) {
    return run(tasks, 1, perSecond);
  }

  private static Result run(List<Task> tasks, int requestsPerTask, double perSecond) {
    AtomicInteger next = new AtomicInteger();
    long[] latencies = new long[tasks.size()];
    // What the loads before left behind would have the clients wait for up to 180 ms.
    System.gc();
    long stoppedBefore = collectingMs();
    long start = System.nanoTime();
    List<Future<?>> done = new ArrayList<>();
    for (int client = 0; client < CLIENTS; client++) {
      done.add(POOL.submit(() -> {
        for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
          long due = perSecond == 0 ? System.nanoTime() : start + (long) (i / perSecond * 1e9);
          for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
          tasks.get(i).run();
          latencies[i] = System.nanoTime() - due;
        }
        return null;
      }));
    }
    try {
      for (Future<?> client : done) {
        client.get(10, TimeUnit.MINUTES);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Arrays.sort(latencies);
    return new Result(
        tasks.size() * requestsPerTask, seconds, latencies, collectingMs() - stoppedBefore);
  }

  private static long collectingMs() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }
}
