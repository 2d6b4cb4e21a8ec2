/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.protocol.identity.DeviceId;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the telemetry. Blocks; safe for use by several threads. */
public final class TelemetryQuery {
  private static final int MAX_SERIES = 100;

  private final TelemetryDatabase database;

  public TelemetryQuery(TelemetryDatabase database) {
    this.database = database;
  }

  /**
   * The newest value of a metric. @param value a {@code Double}, a {@code String} or a
   * {@code Boolean}
   */
  public record Latest(
      String stream,
      String metric,
      @Nullable String unit,
      Object value,
      Instant time,
      Instant receivedAt) {}

  /** One point of a series. @param value as in {@link Latest} */
  public record Point(Instant time, Object value) {}

  /** The points of one metric in the order of time. */
  public record Series(
      String stream, String metric, @Nullable String unit, List<Point> points) {
    public Series {
      points = List.copyOf(points);
    }
  }

  /**
   * What to read. @param points how many points a series may have; beyond, extremes stand for the
   * rest
   */
  public record Range(
      @Nullable String stream, @Nullable String metric, Instant from, Instant to, int points) {}

  /** A message as it came. @param payload text; what is no UTF-8 is replaced */
  public record Message(
      long id,
      String stream,
      @Nullable String boot,
      @Nullable Long sequence,
      Instant receivedAt,
      String payload) {}

  /** The newest values of a device. */
  public List<Latest> latest(DeviceId device) throws SQLException {
    String sql = "SELECT stream, metric, unit, num, txt, bool, time_us, received_us FROM latest"
        + " WHERE device=? ORDER BY stream, metric";
    try (Connection connection = database.connect();
        PreparedStatement select = prepare(connection, sql)) {
      select.setString(1, device.value());
      List<Latest> values = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          values.add(new Latest(
              rows.getString(1),
              rows.getString(2),
              rows.getString(3),
              value(rows, 4),
              time(rows.getLong(7)),
              time(rows.getLong(8))));
        }
      }
      return values;
    }
  }

  /** Series of a device; at most 100. */
  public List<Series> series(DeviceId device, Range range) throws SQLException {
    String sql = "SELECT stream, metric, unit, num, txt, bool, time_us FROM sample"
        + " WHERE device=? AND time_us>=? AND time_us<?"
        + (range.stream() == null ? "" : " AND stream=?")
        + (range.metric() == null ? "" : " AND metric=?")
        + " ORDER BY stream, metric, time_us, message_id";
    Map<List<String>, SeriesThinner> series = new LinkedHashMap<>();
    try (Connection connection = database.connect();
        PreparedStatement select = prepare(connection, sql)) {
      int next = 1;
      select.setString(next++, device.value());
      select.setLong(next++, TelemetryWriter.micros(range.from()));
      select.setLong(next++, TelemetryWriter.micros(range.to()));
      if (range.stream() != null) {
        select.setString(next++, range.stream());
      }
      if (range.metric() != null) {
        select.setString(next, range.metric());
      }
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          List<String> key = List.of(rows.getString(1), rows.getString(2));
          if (!series.containsKey(key) && series.size() == MAX_SERIES) {
            break;
          }
          series
              .computeIfAbsent(key, k -> new SeriesThinner(range.points()))
              .add(new Point(time(rows.getLong(7)), value(rows, 4)), rows.getString(3));
        }
      }
    }
    return series.entrySet().stream()
        .map(entry ->
            entry.getValue().toSeries(entry.getKey().get(0), entry.getKey().get(1)))
        .toList();
  }

  /** Messages of a device in the order of their ids. @param after the id before the first */
  public List<Message> messages(DeviceId device, long after, int limit) throws SQLException {
    String sql = "SELECT id, stream, boot, seq, received_us, payload FROM message"
        + " WHERE device=? AND id>? ORDER BY id LIMIT ?";
    try (Connection connection = database.connect();
        PreparedStatement select = prepare(connection, sql)) {
      select.setString(1, device.value());
      select.setLong(2, after);
      select.setInt(3, limit);
      List<Message> messages = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          long sequence = rows.getLong(4);
          Long present = rows.wasNull() ? null : sequence;
          messages.add(new Message(
              rows.getLong(1),
              rows.getString(2),
              rows.getString(3),
              present,
              time(rows.getLong(5)),
              new String(rows.getBytes(6), StandardCharsets.UTF_8)));
        }
      }
      return messages;
    }
  }

  /** A dead letter. */
  public record DeadLetter(String stream, Instant receivedAt, String reason) {}

  /** The newest dead letters of a device. */
  public List<DeadLetter> deadLetters(DeviceId device, int limit) throws SQLException {
    String sql =
        "SELECT stream, received_us, reason FROM dead_letter WHERE device=? ORDER BY id DESC LIMIT ?";
    try (Connection connection = database.connect();
        PreparedStatement select = prepare(connection, sql)) {
      select.setString(1, device.value());
      select.setInt(2, limit);
      List<DeadLetter> letters = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          letters.add(new DeadLetter(rows.getString(1), time(rows.getLong(2)), rows.getString(3)));
        }
      }
      return letters;
    }
  }

  private static PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(TelemetryDatabase.queryTimeoutSeconds());
    return statement;
  }

  private static Object value(ResultSet rows, int from) throws SQLException {
    double number = rows.getDouble(from);
    if (!rows.wasNull()) {
      return number;
    }
    String text = rows.getString(from + 1);
    return text == null ? rows.getBoolean(from + 2) : text;
  }

  private static Instant time(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
