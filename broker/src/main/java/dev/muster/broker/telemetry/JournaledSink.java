/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.StartFailedException;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.broker.telemetry.journal.IngestJournal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Keeps telemetry in a journal first, which is what a PUBACK stands for, and brings it into the
 * database from there. A flush of a file costs a fraction of a commit, so devices wait that much
 * less, and the database can work in bigger strokes.
 */
public final class JournaledSink implements TelemetrySink {
  private static final int MAX_BATCH = 1_024;
  private static final long BYTES_PER_MIB = 1024 * 1024;

  private record Pending(TelemetryMessage message, CompletableFuture<Stored> result) {}

  private final IngestJournal journal;
  private final JournalDrain drain;
  private final TelemetrySink direct;
  private final IntakeLimits intake;
  private final AcknowledgedListener listener;
  private final Appending appending = new Appending();
  private final BatchThread<Pending> appender;

  private JournaledSink(
      IngestJournal journal,
      JournalDrain drain,
      TelemetrySink direct,
      IntakeLimits intake,
      AcknowledgedListener listener,
      MeterRegistry meters) {
    this.journal = journal;
    this.drain = drain;
    this.direct = direct;
    this.intake = intake;
    this.listener = listener;
    this.appender = new BatchThread<>(
        "telemetry journal",
        MAX_BATCH,
        Counter.builder("muster.telemetry.journal.failures").register(meters),
        appending,
        pending -> pending.message().payloadBytes());
    Gauge.builder("muster.telemetry.journal.bytes", drain, JournalDrain::bytes)
        .description("What is acknowledged, and not in the database yet")
        .register(meters);
    FunctionCounter.builder(
            "muster.telemetry.journal.damaged.bytes", journal, IngestJournal::damagedBytes)
        .register(meters);
  }

  /**
   * Opens the journal and starts to bring it into the database; blocks.
   *
   * @param direct stores what operators send on; stays the caller's to close, as does the database,
   *     after this
   * @param listener is told of what the journal has now, not of what it holds at the start
   * @throws StartFailedException if it cannot be used; says why
   */
  public static JournaledSink start(
      Path folder,
      TelemetryDatabase database,
      TelemetrySink direct,
      IntakeLimits intake,
      AcknowledgedListener listener,
      MeterRegistry meters) {
    return start(folder, IngestJournal::open, database, direct, intake, listener, meters);
  }

  /** Opens the journal of a folder, which gives no position below {@code least}. */
  interface Opening {
    IngestJournal open(Path folder, long least) throws IOException;
  }

  /** As above, with another journal. */
  static JournaledSink start(
      Path folder,
      Opening opening,
      TelemetryDatabase database,
      TelemetrySink direct,
      IntakeLimits intake,
      AcknowledgedListener listener,
      MeterRegistry meters) {
    try {
      long position = JournalDrain.positionIn(database);
      IngestJournal journal = opening.open(folder, position);
      BatchCommit commit = new BatchCommit(database, intake, AcknowledgedListener.NOBODY, meters);
      JournalDrain drain = new JournalDrain(journal, database, commit, intake, position);
      JournaledSink sink = new JournaledSink(journal, drain, direct, intake, listener, meters);
      drain.start();
      sink.appender.start();
      return sink;
    } catch (IOException | SQLException e) {
      throw new StartFailedException("telemetry journal " + folder + " cannot be opened: " + e, e);
    }
  }

  @Override
  public CompletableFuture<Stored> store(TelemetryMessage message) {
    if (message.letter() != null) {
      // It is in the database, and so is its end.
      return direct.store(message);
    }
    CompletableFuture<Stored> result = new CompletableFuture<>();
    appender
        .offer(new Pending(message, result))
        .ifPresent(reason -> result.completeExceptionally(new NotStoredException(reason)));
    return result;
  }

  /** What will become of it, unless the database has it already or the device has too much. */
  private Stored outcomeOf(TelemetryMessage message) {
    Reading reading = message.heldBeyond(intake.futureTolerance()).reading();
    if (reading instanceof Reading.Early) {
      return Stored.HELD;
    }
    return reading instanceof Reading.Unreadable ? Stored.DEAD_LETTER : Stored.NEW;
  }

  @Override
  public Optional<String> problem() {
    return Stream.of(appender.problem(), drain.problem(), direct.problem())
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** That the database is far behind, for an operator; empty if it is not. */
  public Optional<String> behind() {
    return drain.isFarBehind()
        ? Optional.of("telemetry store: " + drain.bytes() / BYTES_PER_MIB
            + " MiB are acknowledged that the database does not have yet: it takes less than comes")
        : Optional.empty();
  }

  /**
   * Waits for the database without a thread.
   *
   * @return done when it has all that was acknowledged before; at once if it does not work at
   *     present, or is far behind
   */
  public CompletableFuture<Void> settled() {
    return drain.settled();
  }

  private final class Appending implements BatchThread.Work<Pending> {
    @Override
    public void run(List<Pending> batch) throws InterruptedException {
      Optional<String> full = drain.awaitRoom();
      if (full.isPresent()) {
        fail(batch, full.get());
        return;
      }
      try {
        journal.append(() -> batch.stream()
            .map(pending -> MessageRecord.write(pending.message()))
            .iterator());
      } catch (IOException e) {
        appender.failed(e);
        fail(batch, BatchThread.FAILED);
        appender.backOff();
        return;
      }
      appender.succeeded();
      drain.appended();
      batch.forEach(this::acknowledge);
    }

    private void acknowledge(Pending pending) {
      Stored outcome = outcomeOf(pending.message());
      pending.result().complete(outcome);
      if (outcome == Stored.NEW) {
        listener.acknowledged(pending.message());
      }
    }

    @Override
    public void drop() {
      // The journal is closed once the database has it.
    }

    @Override
    public void fail(List<Pending> batch, String reason) {
      NotStoredException failure = new NotStoredException(reason);
      batch.forEach(pending -> pending.result().completeExceptionally(failure));
    }
  }

  /** Takes no more, and brings into the database what waits; what that does not take stays. */
  @Override
  public void close() {
    appender.close();
    drain.close();
    if (drain.isDone()) {
      journal.discard();
    } else {
      journal.close();
    }
  }
}
