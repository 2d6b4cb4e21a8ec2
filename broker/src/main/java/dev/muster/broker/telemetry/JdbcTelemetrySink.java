/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps telemetry in a database: one thread takes whatever has queued up, commits it together,
 * flushes it to the disk, and then answers for all of it.
 *
 * <p>When the database fails, what was in the batch is not answered for, the connection is dropped,
 * and the next message tries anew: no one has to help.
 */
public final class JdbcTelemetrySink implements TelemetrySink {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcTelemetrySink.class);
  private static final int MAX_BATCH = 512;

  private record Pending(
      TelemetryMessage message, CompletableFuture<Stored> result, JdbcTelemetrySink sink)
      implements BatchCommit.Item {
    @Override
    public long position() {
      return BatchCommit.NO_POSITION;
    }

    @Override
    public void stored(Stored outcome) {
      // Whoever is told finds a store that works.
      sink.thread.succeeded();
      result.complete(outcome);
    }
  }

  private final IntakeLimits intake;
  private final BatchCommit commit;
  private final Writing writing = new Writing();
  private final BatchThread<Pending> thread;

  private JdbcTelemetrySink(BatchCommit commit, IntakeLimits intake, MeterRegistry meters) {
    this.commit = commit;
    this.intake = intake;
    this.thread = new BatchThread<>(
        "telemetry store",
        MAX_BATCH,
        Counter.builder("muster.telemetry.commit.failures").register(meters),
        writing,
        pending -> pending.message().payloadBytes());
    Gauge.builder("muster.telemetry.queue", thread, BatchThread::size).register(meters);
  }

  /**
   * Starts the writer on a database, which stays the caller's to close, after this.
   *
   * @param listener is told of what is new, on the writer's thread
   */
  public static JdbcTelemetrySink start(
      TelemetryDatabase database,
      IntakeLimits intake,
      AcknowledgedListener listener,
      MeterRegistry meters) {
    return start(new BatchCommit(database, intake, listener, meters), intake, meters);
  }

  static JdbcTelemetrySink start(BatchCommit commit, IntakeLimits intake, MeterRegistry meters) {
    JdbcTelemetrySink sink = new JdbcTelemetrySink(commit, intake, meters);
    sink.thread.start();
    return sink;
  }

  @Override
  public CompletableFuture<Stored> store(TelemetryMessage message) {
    CompletableFuture<Stored> result = new CompletableFuture<>();
    // An operator who lets a message go on has decided about its time.
    TelemetryMessage checked =
        message.letter() == null ? message.heldBeyond(intake.futureTolerance()) : message;
    thread
        .offer(new Pending(checked, result, this))
        .ifPresent(reason -> result.completeExceptionally(new NotStoredException(reason)));
    return result;
  }

  @Override
  public Optional<String> problem() {
    return thread.problem();
  }

  private final class Writing implements BatchThread.Work<Pending> {
    @Override
    public void run(List<Pending> batch) throws InterruptedException {
      commit(batch);
    }

    @Override
    public void drop() {
      commit.drop();
    }

    @Override
    public void fail(List<Pending> batch, String reason) {
      NotStoredException failure = new NotStoredException(reason);
      batch.forEach(pending -> pending.result().completeExceptionally(failure));
    }
  }

  private void commit(List<Pending> batch) throws InterruptedException {
    try {
      commit.commit(batch);
    } catch (SQLException e) {
      thread.failed(e);
      writing.fail(batch, BatchThread.FAILED);
      thread.backOff();
    }
  }

  /** Stores what is queued, at most 10 s, and ends the thread. */
  @Override
  public void close() {
    thread.close();
  }
}
