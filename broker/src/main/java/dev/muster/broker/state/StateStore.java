/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import dev.muster.broker.telemetry.BatchThread;
import dev.muster.broker.telemetry.TelemetryDatabase;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
  private static final int MAX_BATCH = 256;

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
  private final BatchThread<Pending<?>> thread;

  /** Of the thread alone. */
  private @Nullable Connection connection;

  private StateStore(TelemetryDatabase database, MeterRegistry meters) {
    this.database = database;
    this.thread = new BatchThread<>(
        "state store",
        MAX_BATCH,
        Counter.builder("muster.state.commit.failures").register(meters),
        new Writing(),
        // A change is small, and what it was made of is with whoever waits for it.
        pending -> 0);
    Gauge.builder("muster.state.queue", thread, BatchThread::size).register(meters);
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
    thread
        .offer(pending)
        .ifPresent(
            reason -> pending.result.completeExceptionally(new StateUnavailableException(reason)));
    return pending.result;
  }

  /** Reads something; blocks. */
  public <T> T read(Work<T> work) throws SQLException {
    try (Connection reading = database.connectToRead()) {
      return work.run(reading);
    }
  }

  /** Why it cannot keep anything at present; empty if all is well. */
  public Optional<String> problem() {
    return thread.problem();
  }

  private final class Writing implements BatchThread.Work<Pending<?>> {
    @Override
    public void run(List<Pending<?>> batch) throws InterruptedException {
      write(batch);
    }

    @Override
    public void drop() {
      discard();
    }

    @Override
    public void fail(List<Pending<?>> batch, String reason) {
      answer(batch, reason);
    }
  }

  private void write(List<Pending<?>> batch) throws InterruptedException {
    Connection current;
    try {
      current = connected();
      for (Pending<?> pending : batch) {
        pending.run(current);
      }
    } catch (SQLException | RuntimeException e) {
      undo(e);
      writeApart(batch, e);
      return;
    }
    try {
      current.commit();
      database.flush(current);
    } catch (SQLException | RuntimeException e) {
      // It may be on the disk all the same: so nobody is told that it is, and nothing is done
      // twice.
      giveUp(batch, e);
      return;
    }
    thread.succeeded();
    batch.forEach(Pending::answer);
  }

  /** What fails for a reason of its own must not take the others with it. */
  private void writeApart(List<Pending<?>> batch, Exception cause) throws InterruptedException {
    if (!isItsOwn(cause)) {
      giveUp(batch, cause);
    } else if (batch.size() > 1) {
      for (Pending<?> pending : batch) {
        write(List.of(pending));
      }
    } else {
      LOG.error("State not kept, for a reason of its own", cause);
      answer(batch, "it cannot be kept");
    }
  }

  private void giveUp(List<Pending<?>> batch, Exception cause) throws InterruptedException {
    thread.failed(cause);
    discard();
    answer(batch, BatchThread.FAILED);
    thread.backOff();
  }

  /** A defect, or classes 22 (data exception) and 23 (constraint violation) of SQL states. */
  private static boolean isItsOwn(Exception e) {
    String state = e instanceof SQLException sql ? String.valueOf(sql.getSQLState()) : "22";
    return state.startsWith("22") || state.startsWith("23");
  }

  private void undo(Exception failure) {
    Connection current = connection;
    if (current == null || !isItsOwn(failure)) {
      discard();
      return;
    }
    try {
      current.rollback();
    } catch (SQLException e) {
      discard();
    }
  }

  private Connection connected() throws SQLException {
    Connection current = connection;
    if (current == null) {
      current = database.connectToWrite();
      current.setAutoCommit(false);
      connection = current;
    }
    return current;
  }

  private static void answer(Iterable<Pending<?>> batch, String reason) {
    StateUnavailableException failure = new StateUnavailableException(reason);
    batch.forEach(pending -> pending.result.completeExceptionally(failure));
  }

  private void discard() {
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
    thread.close();
  }
}
