/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that block on the registry and the signer, in lanes with a queue each: however many
 * new devices come at once, those that renew, and those who operate, find threads of their own. A
 * full lane refuses with {@link java.util.concurrent.RejectedExecutionException}.
 *
 * <p>Thread-safe.
 */
final class WorkLanes {
  private static final int CLOSE_SECONDS = 5;

  private final ThreadPoolExecutor enrollments;
  private final ThreadPoolExecutor renewals;
  private final ThreadPoolExecutor operators;

  /** @param waiting how many first requests, and how many renewals, may wait for a thread */
  WorkLanes(int waiting, MeterRegistry meters) {
    // Many threads, because most of them wait for one and the same commit.
    enrollments = lane("enrollment", 48, waiting, meters);
    renewals = lane("renewal", 48, waiting, meters);
    operators = lane("operator", 2, 256, meters);
  }

  private static ThreadPoolExecutor lane(
      String name, int threads, int queued, MeterRegistry meters) {
    ArrayBlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(queued);
    Gauge.builder("muster.enrollment.queue", queue, ArrayBlockingQueue::size)
        .tag("lane", name)
        .register(meters);
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, queue, work -> {
          Thread thread = new Thread(work, name + "-" + count.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
    FunctionCounter.builder(
            "muster.enrollment.work.done", pool, ThreadPoolExecutor::getCompletedTaskCount)
        .tag("lane", name)
        .register(meters);
    return pool;
  }

  /** For first requests. */
  Executor enrollments() {
    return enrollments;
  }

  /** For renewals alone. */
  Executor renewals() {
    return renewals;
  }

  /** For what operators ask, and for upkeep. */
  Executor operators() {
    return operators;
  }

  /** Finishes what is under way, as far as that takes seconds. */
  void stop() throws InterruptedException {
    List<ThreadPoolExecutor> lanes = List.of(enrollments, renewals, operators);
    lanes.forEach(ThreadPoolExecutor::shutdown);
    for (ThreadPoolExecutor lane : lanes) {
      if (!lane.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        lane.shutdownNow();
      }
    }
  }
}
