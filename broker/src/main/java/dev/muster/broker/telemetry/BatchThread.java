/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import io.micrometer.core.instrument.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that takes whatever has queued up and has it done together, so that those who wait share
 * a commit and its flush. It outlives whatever happens, for without it nobody is ever answered.
 *
 * <p>What is for the thread alone says so; the rest is safe for use by several threads.
 */
public final class BatchThread<T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchThread.class);
  /** What those are told whose work was not done. */
  public static final String FAILED = "the store failed";

  /**
   * What may queue up: one of each client, for HiveMQ asks about the next when the last is
   * answered. Whoever is turned away comes back over a new connection, and to thousands at once
   * that costs more than the store does: it would never catch up.
   */
  private static final int QUEUE = 65_536;

  private static final long QUEUE_BYTES = 16L * 1024 * 1024;
  private static final long IDLE_MS = 200;
  private static final long BACKOFF_MS = 250;
  private static final long CLOSE_MS = 10_000;

  /** What is done with what has queued up; called by the thread. */
  public interface Work<T> {
    /** Does some, and answers for each. */
    void run(List<T> batch) throws InterruptedException;

    /** Lets go of the connection that it holds: nobody knows its state, or the thread ends. */
    void drop();

    /** Answers for some that were not done. Called by whoever closes the thread, too. */
    void fail(List<T> batch, String reason);
  }

  private final String name;
  private final int maxBatch;
  private final Counter failures;
  private final Work<T> work;
  private final ToIntFunction<T> size;
  private final BlockingQueue<T> queue = new LinkedBlockingQueue<>(QUEUE);
  private final AtomicLong bytes = new AtomicLong();
  private final Thread thread;
  private volatile boolean closing;
  private volatile @Nullable String problem;

  /**
   * @param name of the thread, and for the log: {@code telemetry store}
   * @param failures counts the batches that were not done
   * @param size of one, in bytes, always the same
   */
  public BatchThread(
      String name, int maxBatch, Counter failures, Work<T> work, ToIntFunction<T> size) {
    this.size = size;
    this.failures = failures;
    this.name = name;
    this.maxBatch = maxBatch;
    this.work = work;
    this.thread = new Thread(this::run, "muster " + name);
  }

  public void start() {
    thread.start();
  }

  /** Takes something. @return why not; empty if it is taken */
  public Optional<String> offer(T one) {
    if (closing) {
      return Optional.of("the store is closing");
    }
    int more = size.applyAsInt(one);
    if (bytes.addAndGet(more) > QUEUE_BYTES || !queue.offer(one)) {
      bytes.addAndGet(-more);
      return Optional.of("the store cannot keep up");
    }
    // Looked at again, so that nothing is left behind by a thread that has just ended.
    return closing && queue.remove(one) ? Optional.of("the store is closing") : Optional.empty();
  }

  /** How much waits. */
  public int size() {
    return queue.size();
  }

  /** Why nothing can be done at present; empty if all is well. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void run() {
    List<T> batch = new ArrayList<>(maxBatch);
    while (!closing || !queue.isEmpty()) {
      try {
        T first = queue.poll(IDLE_MS, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, maxBatch - 1);
          batch.forEach(one -> bytes.addAndGet(-size.applyAsInt(one)));
          work.run(batch);
        }
      } catch (InterruptedException e) {
        closing = true;
      } catch (Throwable e) {
        giveUp(batch, e);
      }
      batch.clear();
    }
    work.drop();
  }

  private void giveUp(List<T> batch, Throwable cause) {
    try {
      failed(cause);
      work.drop();
    } catch (Throwable again) {
      problem = name + ": " + again;
    } finally {
      work.fail(batch, FAILED);
    }
  }

  /** Notes that nothing can be done. For the thread. */
  public void failed(Throwable cause) {
    failures.increment();
    if (problem == null) {
      LOG.error("Store failed, nothing is acknowledged until it works again store={}", name, cause);
    }
    problem =
        name + ": " + String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }

  /** Notes that something was done. For the thread. */
  public void succeeded() {
    if (problem != null) {
      LOG.info("Store works again store={}", name);
      problem = null;
    }
  }

  /** Waits a little, after a failure and before the next try. For the thread. */
  public void backOff() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(closing ? 0 : BACKOFF_MS);
  }

  /** Has done what is queued, at most 10 s; has the rest answered for. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(CLOSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<T> left = new ArrayList<>();
    queue.drainTo(left);
    work.fail(left, "the store is closed");
  }
}
