/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.protocol.telemetry.Measurement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the newest value of each series, and with it the number of series of a device: each is a
 * row for ever, so a device that makes up names must not have as many as it likes.
 *
 * <p>Used by the writer's thread, for one batch after another; thrown away with the writer when a
 * batch fails, and its counts with it.
 */
final class LatestValues {
  private static final String FIND =
      "SELECT time_us, seq FROM latest WHERE device=? AND stream=? AND metric=?";
  private static final String COUNT = "SELECT COUNT(*) FROM latest WHERE device=?";
  private static final String INSERT = "INSERT INTO latest (unit, time_us, num, txt, bool,"
      + " message_id, received_us, seq, device, stream, metric) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
  private static final String UPDATE = "UPDATE latest SET unit=?, time_us=?, num=?, txt=?, bool=?,"
      + " message_id=?, received_us=?, seq=? WHERE device=? AND stream=? AND metric=?";
  private static final int COUNTED_DEVICES = 10_000;

  private record Series(String device, String stream, String metric) {}

  /** When a value is from. Of one time, the sequence decides: what comes last may be sent again. */
  private record Age(long micros, long sequence) {
    boolean isBefore(Age other) {
      return micros < other.micros || micros == other.micros && sequence < other.sequence;
    }
  }

  private record Newest(Measurement measurement, Age age, long messageId, long receivedMicros) {}

  private final Connection connection;
  private final int maxSeries;

  /** Devices seen of late, with the number of their series, those of this batch included. */
  private final Map<String, Integer> counts = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
      return size() > COUNTED_DEVICES;
    }
  };

  /** The series that this batch asked for, with the age of the row; null: there is none. */
  private final Map<Series, @Nullable Age> rows = new HashMap<>();

  private final Map<Series, Newest> newest = new LinkedHashMap<>();

  LatestValues(Connection connection, int maxSeries) {
    this.connection = connection;
    this.maxSeries = maxSeries;
  }

  /** Begins a batch. */
  void clear() {
    rows.clear();
    newest.clear();
  }

  /**
   * Whether the device may have the series of a message; if so, they count as its own. One look-up
   * for each series of a batch, which {@link #write} needs anyway.
   */
  boolean admit(TelemetryMessage message, List<Measurement> measurements) throws SQLException {
    Set<Series> fresh = new HashSet<>();
    for (Measurement measurement : measurements) {
      Series series = series(message, measurement);
      if (!newest.containsKey(series) && find(series) == null) {
        fresh.add(series);
      }
    }
    if (fresh.isEmpty()) {
      return true;
    }
    String device = message.topic().device().value();
    int count = count(device);
    boolean admitted = count + fresh.size() <= maxSeries;
    // Also if refused: whoever goes on regardless would have all of its rows counted each time.
    counts.put(device, admitted ? count + fresh.size() : count);
    return admitted;
  }

  /** Takes the values of a message that was admitted. */
  void offer(TelemetryMessage message, List<Measurement> measurements, long messageId) {
    long received = Micros.of(message.receivedAt());
    long sequence = message.identity() == null ? 0 : message.identity().sequence();
    for (Measurement measurement : measurements) {
      Age age = new Age(Micros.of(measurement.time()), sequence);
      newest.merge(
          series(message, measurement),
          new Newest(measurement, age, messageId, received),
          (old, later) -> later.age().isBefore(old.age()) ? old : later);
    }
  }

  private static Series series(TelemetryMessage message, Measurement measurement) {
    return new Series(
        message.topic().device().value(), message.topic().stream(), measurement.metric());
  }

  private @Nullable Age find(Series series) throws SQLException {
    if (!rows.containsKey(series)) {
      try (PreparedStatement find = connection.prepareStatement(FIND)) {
        setSeries(find, 1, series);
        try (ResultSet found = find.executeQuery()) {
          rows.put(series, found.next() ? new Age(found.getLong(1), found.getLong(2)) : null);
        }
      }
    }
    return rows.get(series);
  }

  private int count(String device) throws SQLException {
    Integer known = counts.get(device);
    if (known != null) {
      return known;
    }
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setString(1, device);
      try (ResultSet found = count.executeQuery()) {
        found.next();
        return found.getInt(1) + freshInBatch(device);
      }
    }
  }

  /** A count may have been forgotten in the midst of a batch. */
  private int freshInBatch(String device) {
    int fresh = 0;
    for (Series series : newest.keySet()) {
      if (series.device().equals(device) && rows.get(series) == null) {
        fresh++;
      }
    }
    return fresh;
  }

  /** Writes what is newer than what is there; the commit is the caller's. */
  void write() throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT);
        PreparedStatement update = connection.prepareStatement(UPDATE)) {
      for (Map.Entry<Series, Newest> entry : newest.entrySet()) {
        Age present = find(entry.getKey());
        if (present == null || !entry.getValue().age().isBefore(present)) {
          PreparedStatement write = present == null ? insert : update;
          setNewest(write, entry.getValue());
          setSeries(write, 9, entry.getKey());
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
    statement.setLong(2, newest.age().micros());
    TelemetryWriter.setValue(statement, 3, newest.measurement().value());
    statement.setLong(6, newest.messageId());
    statement.setLong(7, newest.receivedMicros());
    statement.setLong(8, newest.age().sequence());
  }
}
