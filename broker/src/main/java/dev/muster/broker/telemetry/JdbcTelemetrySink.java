/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.format.Reading;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
  /** How many pairs of stream and metric a device may have. */
  private static final int MAX_SERIES = 10_000;

  private static final int MAX_BATCH = 512;

  private record Pending(TelemetryMessage message, CompletableFuture<Stored> result) {}

  private final TelemetryDatabase database;
  private final TelemetryWriter.Limits limits;
  private final Writing writing = new Writing();
  private final BatchThread<Pending> thread;
  private final Timer commits;

  /** Of the thread alone. */
  private @Nullable TelemetryWriter writer;

  private JdbcTelemetrySink(
      TelemetryDatabase database, MeterRegistry meters, int maxSeries, IntakeLimits intake) {
    this.database = database;
    this.limits = new TelemetryWriter.Limits(
        maxSeries,
        intake,
        Counter.builder("muster.telemetry.letters.dropped")
            .description("Messages that were kept aside and had to go for newer ones")
            .register(meters));
    this.commits = Timer.builder("muster.telemetry.commit")
        .description("Commit and flush of a batch of telemetry")
        .register(meters);
    this.thread = new BatchThread<>(
        "telemetry store",
        MAX_BATCH,
        Counter.builder("muster.telemetry.commit.failures").register(meters),
        writing);
    Gauge.builder("muster.telemetry.queue", thread, BatchThread::size).register(meters);
  }

  /** Starts the writer on a database, which stays the caller's to close, after this. */
  public static JdbcTelemetrySink start(
      TelemetryDatabase database, IntakeLimits intake, MeterRegistry meters) {
    return start(database, meters, MAX_SERIES, intake);
  }

  static JdbcTelemetrySink start(
      TelemetryDatabase database, MeterRegistry meters, int maxSeries, IntakeLimits intake) {
    JdbcTelemetrySink sink = new JdbcTelemetrySink(database, meters, maxSeries, intake);
    sink.thread.start();
    return sink;
  }

  @Override
  public CompletableFuture<Stored> store(TelemetryMessage message) {
    CompletableFuture<Stored> result = new CompletableFuture<>();
    // An operator who lets a message go on has decided about its time.
    TelemetryMessage checked =
        message.letter() == null ? message.heldBeyond(limits.intake().futureTolerance()) : message;
    thread
        .offer(new Pending(checked, result))
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
      dropWriter();
    }

    @Override
    public void fail(List<Pending> batch, String reason) {
      NotStoredException failure = new NotStoredException(reason);
      batch.forEach(pending -> pending.result().completeExceptionally(failure));
    }
  }

  private void commit(List<Pending> batch) throws InterruptedException {
    long start = System.nanoTime();
    List<Stored> outcome;
    try {
      outcome = write(batch.stream().map(Pending::message).toList());
    } catch (SQLException e) {
      if (batch.size() > 1 && isAboutData(e)) {
        commitOneByOne(batch);
      } else if (isAboutData(e)) {
        commitAsDeadLetter(batch.get(0), e);
      } else {
        giveUp(batch, e);
        thread.backOff();
      }
      return;
    }
    commits.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    thread.succeeded();
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).result().complete(outcome.get(i));
    }
  }

  private List<Stored> write(List<TelemetryMessage> messages) throws SQLException {
    TelemetryWriter current = writer;
    if (current == null) {
      current = TelemetryWriter.open(database, limits);
      writer = current;
    }
    return current.write(messages);
  }

  /** A single message that the database will not have must not hold up the others for ever. */
  private void commitOneByOne(List<Pending> batch) throws InterruptedException {
    dropWriter();
    for (Pending pending : batch) {
      commit(List.of(pending));
    }
  }

  private void commitAsDeadLetter(Pending pending, SQLException cause) throws InterruptedException {
    dropWriter();
    String reason = "not storable: SQL state " + cause.getSQLState();
    if (pending.message().reading() instanceof Reading.Unreadable) {
      giveUp(List.of(pending), cause);
    } else {
      LOG.warn(
          "Telemetry not storable device={} error={}", pending.message().topic().device(), reason);
      commit(List.of(new Pending(pending.message().asUnreadable(reason), pending.result())));
    }
  }

  /** Classes 22 (data exception) and 23 (integrity constraint violation) of SQL states. */
  private static boolean isAboutData(SQLException e) {
    String state = e.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  private void giveUp(List<Pending> batch, SQLException cause) {
    thread.failed(cause);
    dropWriter();
    writing.fail(batch, BatchThread.FAILED);
  }

  private void dropWriter() {
    TelemetryWriter old = writer;
    writer = null;
    if (old != null) {
      old.abandon();
    }
  }

  /** Stores what is queued, at most 10 s, and ends the thread. */
  @Override
  public void close() {
    thread.close();
  }
}
