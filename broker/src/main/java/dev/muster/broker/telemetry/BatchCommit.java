/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits messages together, and finds a way round one that the database will not have: it must not
 * hold up the others for ever. Belongs to one thread at a time.
 */
final class BatchCommit {
  private static final Logger LOG = LoggerFactory.getLogger(BatchCommit.class);

  /** How many pairs of stream and metric a device may have. */
  private static final int MAX_SERIES = 10_000;

  /** A message, and who waits for it. */
  interface Item {
    TelemetryMessage message();

    /** The position in the journal behind it, to be noted with it; {@link #NO_POSITION}: none. */
    long position();

    /** It is on stable storage. */
    void stored(Stored outcome);
  }

  static final long NO_POSITION = -1;

  private final TelemetryDatabase database;
  private final TelemetryWriter.Limits limits;
  private final AcknowledgedListener listener;
  private final Timer commits;
  private final Map<Stored, Counter> outcomes = new EnumMap<>(Stored.class);
  private @Nullable TelemetryWriter writer;

  /** @param listener is told of what is new, on the thread that commits, after who waits for it */
  BatchCommit(
      TelemetryDatabase database,
      IntakeLimits intake,
      AcknowledgedListener listener,
      MeterRegistry meters) {
    this.database = database;
    this.listener = listener;
    this.limits = new TelemetryWriter.Limits(
        MAX_SERIES,
        intake,
        Counter.builder("muster.telemetry.letters.dropped")
            .description("Messages that were kept aside and had to go for newer ones")
            .register(meters));
    this.commits = Timer.builder("muster.telemetry.commit")
        .description("Commit and flush of a batch of telemetry")
        .register(meters);
    for (Stored outcome : Stored.values()) {
      outcomes.put(
          outcome,
          Counter.builder("muster.telemetry.stored")
              .description("Messages that the database has, by what became of them")
              .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
              .register(meters));
    }
  }

  /**
   * Stores all of it, and says so to each.
   *
   * @throws SQLException if the database does not work: those that were not told are not stored, or
   *     that is not known
   */
  void commit(List<? extends Item> batch) throws SQLException {
    try {
      store(batch, batch.stream().map(Item::message).toList());
    } catch (SQLException e) {
      drop();
      if (!isAboutData(e)) {
        throw e;
      }
      commitOneByOne(batch, e);
    }
  }

  private void commitOneByOne(List<? extends Item> batch, SQLException cause) throws SQLException {
    if (batch.size() == 1) {
      commitAsDeadLetter(batch.get(0), cause);
      return;
    }
    for (Item item : batch) {
      commit(List.of(item));
    }
  }

  private void commitAsDeadLetter(Item item, SQLException cause) throws SQLException {
    // Also in the place of a reason of its own, which may be what the database will not have.
    String reason = "not storable: SQL state " + cause.getSQLState();
    LOG.warn("Telemetry not storable device={} error={}", item.message().topic().device(), reason);
    try {
      store(List.of(item), List.of(item.message().asUnreadable(reason)));
    } catch (SQLException e) {
      drop();
      throw e;
    }
  }

  private void store(List<? extends Item> batch, List<TelemetryMessage> messages)
      throws SQLException {
    long start = System.nanoTime();
    TelemetryWriter current = writer;
    if (current == null) {
      current = TelemetryWriter.open(database, limits);
      writer = current;
    }
    List<Stored> outcome = current.write(messages, batch.get(batch.size() - 1).position());
    commits.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    for (int i = 0; i < batch.size(); i++) {
      tell(batch.get(i), outcome.get(i));
    }
  }

  private void tell(Item item, Stored outcome) {
    outcomes.get(outcome).increment();
    item.stored(outcome);
    if (outcome == Stored.NEW) {
      listener.acknowledged(item.message());
    }
  }

  /** Classes 22 (data exception) and 23 (integrity constraint violation) of SQL states. */
  private static boolean isAboutData(SQLException e) {
    String state = e.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  /** Lets go of the connection: nobody knows its state, or nothing more is to come. */
  void drop() {
    TelemetryWriter old = writer;
    writer = null;
    if (old != null) {
      old.abandon();
    }
  }
}
