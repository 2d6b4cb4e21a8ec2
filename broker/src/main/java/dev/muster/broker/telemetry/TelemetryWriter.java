/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes batches over one connection. Used by one thread; what it writes is stored when
 * {@link #write} returns, and not at all when it throws.
 */
final class TelemetryWriter {
  private static final String FIND =
      "SELECT 1 FROM %s WHERE device=? AND stream=? AND boot=? AND seq=?";
  private static final String INSERT_MESSAGE =
      "INSERT INTO message (id, fleet, device, stream, boot, seq,"
          + " received_us, content_type, payload, event_us) VALUES (?,?,?,?,?,?,?,?,?,?)";
  private static final String INSERT_DEAD =
      "INSERT INTO dead_letter (id, fleet, device, stream, boot, seq,"
          + " received_us, content_type, payload, reason) VALUES (?,?,?,?,?,?,?,?,?,?)";
  private static final String INSERT_SAMPLE =
      "INSERT INTO sample (message_id, place, device, stream, metric,"
          + " unit, time_us, num, txt, bool) VALUES (?,?,?,?,?,?,?,?,?,?)";
  private static final String FIND_LATEST =
      "SELECT time_us, message_id FROM latest WHERE device=? AND stream=? AND metric=?";
  private static final String INSERT_LATEST =
      "INSERT INTO latest (unit, time_us, num, txt, bool, message_id,"
          + " received_us, device, stream, metric) VALUES (?,?,?,?,?,?,?,?,?,?)";
  private static final String UPDATE_LATEST =
      "UPDATE latest SET unit=?, time_us=?, num=?, txt=?, bool=?,"
          + " message_id=?, received_us=? WHERE device=? AND stream=? AND metric=?";
  private static final int MAX_CONTENT_TYPE = 100;

  private record Identified(String device, String stream, MessageIdentity identity) {}

  private record Series(String device, String stream, String metric) {}

  private record Newest(Measurement measurement, long messageId, long receivedMicros) {
    long micros() {
      return TelemetryWriter.micros(measurement.time());
    }
  }

  private final Connection connection;
  private long nextMessage;
  private long nextDeadLetter;

  /** Takes the connection over. */
  TelemetryWriter(Connection connection) throws SQLException {
    this.connection = connection;
    connection.setAutoCommit(false);
    nextMessage = maxId("message") + 1;
    nextDeadLetter = maxId("dead_letter") + 1;
  }

  private long maxId(String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COALESCE(MAX(id), 0) FROM " + table)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** Commits a batch and flushes it to stable storage. @return what became of each message */
  List<Stored> write(List<TelemetryMessage> batch) throws SQLException {
    long firstMessage = nextMessage;
    long firstDeadLetter = nextDeadLetter;
    try {
      List<Stored> outcome = insert(batch);
      connection.commit();
      flush();
      return outcome;
    } catch (SQLException | RuntimeException e) {
      nextMessage = firstMessage;
      nextDeadLetter = firstDeadLetter;
      throw e;
    }
  }

  void rollback() throws SQLException {
    connection.rollback();
  }

  Connection connection() {
    return connection;
  }

  /** H2's commit does not wait for the disk, whatever its write delay: measured. */
  private void flush() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CHECKPOINT SYNC");
    }
  }

  private List<Stored> insert(List<TelemetryMessage> batch) throws SQLException {
    List<Stored> outcome = new ArrayList<>(batch.size());
    Set<Identified> seen = new HashSet<>();
    Map<Series, Newest> newest = new HashMap<>();
    try (PreparedStatement findMessage =
            connection.prepareStatement(String.format(FIND, "message"));
        PreparedStatement findDead =
            connection.prepareStatement(String.format(FIND, "dead_letter"));
        PreparedStatement messages = connection.prepareStatement(INSERT_MESSAGE);
        PreparedStatement dead = connection.prepareStatement(INSERT_DEAD);
        PreparedStatement samples = connection.prepareStatement(INSERT_SAMPLE)) {
      for (TelemetryMessage message : batch) {
        if (isKnown(message, seen, findMessage) || isKnown(message, null, findDead)) {
          outcome.add(Stored.DUPLICATE);
        } else if (message.reading() instanceof Reading.Unreadable unreadable) {
          addDead(dead, message, unreadable.reason());
          outcome.add(Stored.DEAD_LETTER);
        } else if (message.reading() instanceof Reading.Readable readable) {
          addMessage(messages, samples, message, readable.measurements(), newest);
          outcome.add(Stored.NEW);
        } else {
          throw new IllegalStateException("reading " + message.reading());
        }
      }
      messages.executeBatch();
      dead.executeBatch();
      samples.executeBatch();
    }
    updateLatest(newest);
    return outcome;
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

  private void addDead(PreparedStatement dead, TelemetryMessage message, String reason)
      throws SQLException {
    setCommon(dead, nextDeadLetter++, message);
    dead.setString(10, reason);
    dead.addBatch();
  }

  private void addMessage(
      PreparedStatement messages,
      PreparedStatement samples,
      TelemetryMessage message,
      List<Measurement> measurements,
      Map<Series, Newest> newest)
      throws SQLException {
    long id = nextMessage++;
    long received = micros(message.receivedAt());
    String device = message.topic().device().value();
    String stream = message.topic().stream();
    long event = Long.MIN_VALUE;
    for (int place = 0; place < measurements.size(); place++) {
      Measurement measurement = measurements.get(place);
      event = Math.max(event, micros(measurement.time()));
      samples.setLong(1, id);
      samples.setInt(2, place);
      samples.setString(3, device);
      samples.setString(4, stream);
      samples.setString(5, measurement.metric());
      samples.setString(6, measurement.unit());
      samples.setLong(7, micros(measurement.time()));
      setValue(samples, 8, measurement.value());
      samples.addBatch();
      newest.merge(
          new Series(device, stream, measurement.metric()),
          new Newest(measurement, id, received),
          (old, fresh) -> fresh.micros() >= old.micros() ? fresh : old);
    }
    setCommon(messages, id, message);
    messages.setLong(10, event);
    messages.addBatch();
  }

  private static void setCommon(PreparedStatement statement, long id, TelemetryMessage message)
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
    statement.setLong(7, micros(message.receivedAt()));
    String contentType = message.contentType();
    statement.setString(
        8,
        contentType == null
            ? null
            : contentType.substring(0, Math.min(MAX_CONTENT_TYPE, contentType.length())));
    statement.setBytes(9, message.payload());
  }

  private void updateLatest(Map<Series, Newest> newest) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND_LATEST);
        PreparedStatement insert = connection.prepareStatement(INSERT_LATEST);
        PreparedStatement update = connection.prepareStatement(UPDATE_LATEST)) {
      for (Map.Entry<Series, Newest> entry : newest.entrySet()) {
        setSeries(find, 1, entry.getKey());
        boolean present;
        boolean newer;
        try (ResultSet rows = find.executeQuery()) {
          present = rows.next();
          newer = !present || entry.getValue().micros() >= rows.getLong(1);
        }
        if (newer) {
          PreparedStatement write = present ? update : insert;
          setNewest(write, entry.getValue());
          setSeries(write, 8, entry.getKey());
          write.addBatch();
        }
      }
      insert.executeBatch();
      update.executeBatch();
    }
  }

  private static void setSeries(PreparedStatement statement, int from, Series series)
      throws SQLException {
    statement.setString(from, series.device());
    statement.setString(from + 1, series.stream());
    statement.setString(from + 2, series.metric());
  }

  private static void setNewest(PreparedStatement statement, Newest newest) throws SQLException {
    statement.setString(1, newest.measurement().unit());
    statement.setLong(2, newest.micros());
    setValue(statement, 3, newest.measurement().value());
    statement.setLong(6, newest.messageId());
    statement.setLong(7, newest.receivedMicros());
  }

  private static void setValue(PreparedStatement statement, int from, Measurement.Value value)
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

  static long micros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }
}
