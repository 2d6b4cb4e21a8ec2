/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import io.micrometer.core.instrument.Counter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes batches over one connection. Used by one thread; what it writes is stored when
 * {@link #write} returns, and not at all when it throws.
 */
final class TelemetryWriter {
  private static final Logger LOG = LoggerFactory.getLogger(TelemetryWriter.class);
  private static final String TAKE_IDS =
      "SELECT message, dead_letter FROM telemetry_ids FOR UPDATE";
  private static final String GIVE_IDS = "UPDATE telemetry_ids SET message=?, dead_letter=?";
  private static final String NOTE_POSITION = "UPDATE ingest_journal SET position=?";
  private static final String FIND =
      "SELECT 1 FROM %s WHERE device=? AND stream=? AND boot=? AND seq=?";
  private static final String INSERT_MESSAGE =
      "INSERT INTO message (id, fleet, device, stream, boot, seq,"
          + " received_us, content_type, payload, event_us) VALUES (?,?,?,?,?,?,?,?,?,?)";
  private static final String INSERT_SAMPLE =
      "INSERT INTO sample (message_id, place, device, stream, metric,"
          + " unit, time_us, num, txt, bool) VALUES (?,?,?,?,?,?,?,?,?,?)";
  static final String TOO_MANY_SERIES =
      "series: too many of this device" + " (expected: a fixed set of streams and metrics)";
  private static final int MAX_CONTENT_TYPE = 100;

  /**
   * What a device may have.
   *
   * @param maxSeries pairs of stream and metric
   * @param dropped counts what was kept aside and had to go
   */
  record Limits(int maxSeries, IntakeLimits intake, Counter dropped) {}

  private record Identified(String device, String stream, MessageIdentity identity) {}

  private final TelemetryDatabase database;
  private final Connection connection;
  private final LatestValues latest;
  private final LetterTable letters;
  private long lastMessage;
  private long lastDeadLetter;

  private TelemetryWriter(TelemetryDatabase database, Connection connection, Limits limits)
      throws SQLException {
    this.database = database;
    this.connection = connection;
    this.latest = new LatestValues(connection, limits.maxSeries());
    this.letters = new LetterTable(connection, limits.intake(), limits.dropped());
    connection.setAutoCommit(false);
  }

  /** Takes a connection for itself. */
  static TelemetryWriter open(TelemetryDatabase database, Limits limits) throws SQLException {
    Connection connection = database.connectToWrite();
    try {
      return new TelemetryWriter(database, connection, limits);
    } catch (SQLException | RuntimeException e) {
      // Else an outage would use up the pool, and outlast its cause.
      database.discard(connection);
      throw e;
    }
  }

  /**
   * Commits a batch and flushes it to stable storage.
   *
   * @param position in the journal, behind the batch; noted with it unless there is none
   * @return what became of each message
   */
  List<Stored> write(List<TelemetryMessage> batch, long position) throws SQLException {
    takeIds();
    List<Stored> outcome = insert(batch);
    giveIdsBack();
    if (position != BatchCommit.NO_POSITION) {
      note(position);
    }
    connection.commit();
    database.flush(connection);
    return outcome;
  }

  /** Whoever has the row writes alone, until it commits. */
  private void takeIds() throws SQLException {
    try (PreparedStatement take = connection.prepareStatement(TAKE_IDS);
        ResultSet rows = take.executeQuery()) {
      rows.next();
      lastMessage = rows.getLong(1);
      lastDeadLetter = rows.getLong(2);
    }
  }

  private void giveIdsBack() throws SQLException {
    try (PreparedStatement give = connection.prepareStatement(GIVE_IDS)) {
      give.setLong(1, lastMessage);
      give.setLong(2, lastDeadLetter);
      give.executeUpdate();
    }
  }

  private void note(long position) throws SQLException {
    try (PreparedStatement note = connection.prepareStatement(NOTE_POSITION)) {
      note.setLong(1, position);
      note.executeUpdate();
    }
  }

  /** Forgets what was not committed, and closes the connection. */
  void abandon() {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // It is about to be closed, which rolls back as well.
      LOG.debug("Rollback failed error={}", e.toString());
    }
    database.discard(connection);
  }

  private List<Stored> insert(List<TelemetryMessage> batch) throws SQLException {
    Stored[] outcome = new Stored[batch.size()];
    Set<Identified> seen = new HashSet<>();
    latest.clear();
    try (Statements statements = new Statements(connection, letters)) {
      for (int place : byDevice(batch)) {
        TelemetryMessage message = batch.get(place);
        outcome[place] = message.letter() == null
            ? take(message, seen, statements)
            : replay(message, message.letter(), seen, statements);
      }
      statements.execute();
    }
    latest.write();
    letters.cut();
    return List.of(outcome);
  }

  /**
   * Places in a batch, a device's one behind the other and in their order: each device has pages of
   * its own in the indexes, and H2 writes them anew whenever it comes back to them.
   */
  private static List<Integer> byDevice(List<TelemetryMessage> batch) {
    return IntStream.range(0, batch.size())
        .boxed()
        .sorted(Comparator.comparing(place -> batch.get(place).topic().device().value()))
        .toList();
  }

  private Stored take(TelemetryMessage message, Set<Identified> seen, Statements statements)
      throws SQLException {
    if (isKnown(message, seen, statements.findMessage)
        || isKnown(message, null, statements.findDead)) {
      return Stored.DUPLICATE;
    }
    Reading reading = message.reading();
    if (reading instanceof Reading.Readable readable) {
      return add(message, readable, statements)
          ? Stored.NEW
          : putAside(message, TOO_MANY_SERIES, statements);
    }
    if (reading instanceof Reading.Early early) {
      putAside(message, early.reason(), statements);
      return Stored.HELD;
    }
    if (reading instanceof Reading.Unreadable unreadable) {
      return putAside(message, unreadable.reason(), statements);
    }
    throw new IllegalStateException("reading " + reading);
  }

  /** What was kept aside is taken away from there in the transaction that stores it. */
  private Stored replay(
      TelemetryMessage message, long letter, Set<Identified> seen, Statements statements)
      throws SQLException {
    if (!letters.has(letter)) {
      // Somebody else was faster.
      return Stored.DUPLICATE;
    }
    if (!(message.reading() instanceof Reading.Readable readable)) {
      letters.explain(letter, Reading.reasonOf(message.reading()));
      return Stored.DEAD_LETTER;
    }
    if (isKnown(message, seen, statements.findMessage)) {
      letters.takeAway(letter);
      return Stored.DUPLICATE;
    }
    if (!add(message, readable, statements)) {
      letters.explain(letter, TOO_MANY_SERIES);
      return Stored.DEAD_LETTER;
    }
    letters.takeAway(letter);
    return Stored.NEW;
  }

  /** Whether the store, or this batch, has the message already. */
  private static boolean isKnown(
      TelemetryMessage message, @Nullable Set<Identified> seen, PreparedStatement find)
      throws SQLException {
    MessageIdentity identity = message.identity();
    if (identity == null) {
      return false;
    }
    String device = message.topic().device().value();
    String stream = message.topic().stream();
    if (seen != null && !seen.add(new Identified(device, stream, identity))) {
      return true;
    }
    find.setString(1, device);
    find.setString(2, stream);
    find.setString(3, identity.boot());
    find.setLong(4, identity.sequence());
    try (ResultSet rows = find.executeQuery()) {
      return rows.next();
    }
  }

  private Stored putAside(TelemetryMessage message, String reason, Statements statements)
      throws SQLException {
    letters.add(statements.dead, ++lastDeadLetter, message, reason);
    return Stored.DEAD_LETTER;
  }

  /** @return false if the device has too many series for it */
  private boolean add(TelemetryMessage message, Reading.Readable readable, Statements statements)
      throws SQLException {
    List<Measurement> measurements = readable.measurements();
    if (!latest.admit(message, measurements)) {
      return false;
    }
    PreparedStatement samples = statements.samples;
    long id = ++lastMessage;
    String device = message.topic().device().value();
    String stream = message.topic().stream();
    long event = Long.MIN_VALUE;
    for (int place = 0; place < measurements.size(); place++) {
      Measurement measurement = measurements.get(place);
      event = Math.max(event, Micros.of(measurement.time()));
      samples.setLong(1, id);
      samples.setInt(2, place);
      samples.setString(3, device);
      samples.setString(4, stream);
      samples.setString(5, measurement.metric());
      samples.setString(6, measurement.unit());
      samples.setLong(7, Micros.of(measurement.time()));
      setValue(samples, 8, measurement.value());
      samples.addBatch();
    }
    latest.offer(message, measurements, id);
    setCommon(statements.messages, id, message);
    statements.messages.setLong(10, event);
    statements.messages.addBatch();
    return true;
  }

  static void setCommon(PreparedStatement statement, long id, TelemetryMessage message)
      throws SQLException {
    MessageIdentity identity = message.identity();
    statement.setLong(1, id);
    statement.setString(2, message.topic().fleet().value());
    statement.setString(3, message.topic().device().value());
    statement.setString(4, message.topic().stream());
    statement.setString(5, identity == null ? null : identity.boot());
    if (identity == null) {
      statement.setNull(6, Types.BIGINT);
    } else {
      statement.setLong(6, identity.sequence());
    }
    statement.setLong(7, Micros.of(message.receivedAt()));
    String contentType = message.contentType();
    statement.setString(
        8,
        contentType == null
            ? null
            : contentType.substring(0, Math.min(MAX_CONTENT_TYPE, contentType.length())));
    statement.setBytes(9, message.payload());
  }

  static void setValue(PreparedStatement statement, int from, Measurement.Value value)
      throws SQLException {
    statement.setNull(from, Types.DOUBLE);
    statement.setNull(from + 1, Types.VARCHAR);
    statement.setNull(from + 2, Types.BOOLEAN);
    if (value instanceof Measurement.Value.Number number) {
      statement.setDouble(from, number.number());
    } else if (value instanceof Measurement.Value.Text text) {
      statement.setString(from + 1, text.text());
    } else if (value instanceof Measurement.Value.Bool bool) {
      statement.setBoolean(from + 2, bool.bool());
    } else {
      throw new IllegalStateException("value " + value);
    }
  }

  /** What a batch is written with. */
  private static final class Statements implements AutoCloseable {
    final PreparedStatement findMessage;
    final PreparedStatement findDead;
    final PreparedStatement messages;
    final PreparedStatement dead;
    final PreparedStatement samples;

    Statements(Connection connection, LetterTable letters) throws SQLException {
      findMessage = connection.prepareStatement(String.format(FIND, "message"));
      findDead = connection.prepareStatement(String.format(FIND, "dead_letter"));
      messages = connection.prepareStatement(INSERT_MESSAGE);
      dead = letters.begin();
      samples = connection.prepareStatement(INSERT_SAMPLE);
    }

    void execute() throws SQLException {
      messages.executeBatch();
      dead.executeBatch();
      samples.executeBatch();
    }

    @Override
    public void close() throws SQLException {
      for (PreparedStatement one : List.of(findMessage, findDead, messages, dead, samples)) {
        one.close();
      }
    }
  }
}
