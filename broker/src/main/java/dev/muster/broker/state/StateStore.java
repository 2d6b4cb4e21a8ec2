/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import dev.muster.broker.telemetry.TelemetryDatabase;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the state of devices beside their telemetry: one thread takes whatever has queued up,
 * commits it together, flushes it to the disk, and then answers for all of it. One writer, so that
 * whoever reads a version and writes the next is alone.
 *
 * <p>Safe for use by several threads.
 */
public final class StateStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);
  private static final int QUEUE = 4_096;
  private static final int MAX_BATCH = 256;
  private static final long IDLE_MS = 200;
  private static final long BACKOFF_MS = 250;
  private static final long CLOSE_MS = 10_000;

  /**
   * What is done with the database. Of a {@link #write}, it may be done twice: what the first time
   * did is undone then.
   */
  public interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  private static final class Pending<T> {
    private final Work<T> work;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private @Nullable T outcome;

    Pending(Work<T> work) {
      this.work = work;
    }

    void run(Connection connection) throws SQLException {
      outcome = work.run(connection);
    }

    @SuppressWarnings("NullAway") // T says whether its value may be null.
    void answer() {
      result.complete(outcome);
    }
  }

  private final TelemetryDatabase database;
  private final BlockingQueue<Pending<?>> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Thread thread = new Thread(this::run, "muster-state-writer");
  private final Counter failures;
  private volatile boolean closing;
  private volatile @Nullable String problem;
  private @Nullable Connection connection;

  private StateStore(TelemetryDatabase database, MeterRegistry meters) {
    this.database = database;
    this.failures = Counter.builder("muster.state.commit.failures").register(meters);
    Gauge.builder("muster.state.queue", queue, BlockingQueue::size).register(meters);
  }

  /** Starts the writer on a database, which stays the caller's to close, after this. */
  public static StateStore start(TelemetryDatabase database, MeterRegistry meters) {
    StateStore store = new StateStore(database, meters);
    store.thread.start();
    return store;
  }

  /**
   * Changes something. Returns at once; never throws.
   *
   * @return done when the change is on stable storage, on a thread that must not be blocked;
   *     exceptionally with {@link StateUnavailableException} if it is not, or if that is not known
   */
  public <T> CompletableFuture<T> write(Work<T> work) {
    Pending<T> pending = new Pending<>(work);
    if (closing || !queue.offer(pending)) {
      pending.result.completeExceptionally(new StateUnavailableException(
          closing ? "the store is closing" : "the store cannot keep up"));
    }
    return pending.result;
  }

  /** Reads something; blocks. */
  public <T> T read(Work<T> work) throws SQLException {
    try (Connection reading = database.connect()) {
      return work.run(reading);
    }
  }

  /** Why it cannot keep anything at present; empty if all is well. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void run() {
    List<Pending<?>> batch = new ArrayList<>(MAX_BATCH);
    while (!closing || !queue.isEmpty()) {
      try {
        Pending<?> first = queue.poll(IDLE_MS, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, MAX_BATCH - 1);
          commit(batch);
        }
      } catch (InterruptedException e) {
        closing = true;
      } catch (Throwable e) {
        // The thread must outlive anything: without it nothing is ever answered for.
        fail(batch, e);
      }
      batch.clear();
    }
    drop();
  }

  private void commit(List<Pending<?>> batch) throws InterruptedException {
    try {
      Connection current = connected();
      for (Pending<?> pending : batch) {
        pending.run(current);
      }
      current.commit();
      database.flush(current);
    } catch (SQLException | RuntimeException e) {
      undo(e);
      if (batch.size() > 1) {
        // What fails for a reason of its own must not take the others with it.
        for (Pending<?> pending : batch) {
          commit(List.of(pending));
        }
      } else if (isItsOwn(e)) {
        LOG.error("State not kept, for a reason of its own", e);
        answer(batch, "it cannot be kept");
      } else {
        fail(batch, e);
        TimeUnit.MILLISECONDS.sleep(closing ? 0 : BACKOFF_MS);
      }
      return;
    }
    succeeded();
    batch.forEach(Pending::answer);
  }

  /** A defect, or classes 22 (data exception) and 23 (constraint violation) of SQL states. */
  private static boolean isItsOwn(Exception e) {
    String state = e instanceof SQLException sql ? String.valueOf(sql.getSQLState()) : "22";
    return state.startsWith("22") || state.startsWith("23");
  }

  private void undo(Exception failure) {
    Connection current = connection;
    if (current == null || !isItsOwn(failure)) {
      drop();
      return;
    }
    try {
      current.rollback();
    } catch (SQLException e) {
      drop();
    }
  }

  private Connection connected() throws SQLException {
    Connection current = connection;
    if (current == null) {
      current = database.connect();
      current.setAutoCommit(false);
      connection = current;
    }
    return current;
  }

  private void fail(List<Pending<?>> batch, Throwable cause) {
    failures.increment();
    if (problem == null) {
      LOG.error("State store failed, nothing is acknowledged until it works again", cause);
    }
    problem =
        "state store: " + String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    drop();
    answer(batch, "the store failed");
  }

  private static void answer(Iterable<Pending<?>> batch, String reason) {
    StateUnavailableException failure = new StateUnavailableException(reason);
    batch.forEach(pending -> pending.result.completeExceptionally(failure));
  }

  private void succeeded() {
    if (problem != null) {
      LOG.info("State store works again");
      problem = null;
    }
  }

  private void drop() {
    Connection old = connection;
    connection = null;
    if (old == null) {
      return;
    }
    try {
      old.rollback();
    } catch (SQLException e) {
      // It is about to be closed, which rolls back as well.
      LOG.debug("Rollback failed error={}", e.toString());
    }
    database.discard(old);
  }

  /** Keeps what is queued, at most 10 s, and ends the thread. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(CLOSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<Pending<?>> left = new ArrayList<>();
    queue.drainTo(left);
    answer(left, "the store is closed");
  }
}
