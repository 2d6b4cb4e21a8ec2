/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the telemetry. Blocks; safe for use by several threads. */
public final class TelemetryQuery {
  private static final int MAX_SERIES = 100;
  private static final int LATEST_CHARACTERS = 2 * 1024 * 1024;
  /** In the order of the index, as in {@link MessageQuery#PART}. */
  static final String DEAD_LETTERS = "SELECT stream, received_us, reason FROM dead_letter"
      + " WHERE device=? ORDER BY device, id DESC LIMIT ?";

  private static final String LATEST =
      "SELECT stream, metric, unit, num, txt, bool, time_us, received_us FROM latest"
          + " WHERE device=? AND (stream>? OR (stream=? AND metric>?))"
          + " ORDER BY device, stream, metric LIMIT ?";

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
      Instant receivedAt) {
    private int characters() {
      return (unit == null ? 0 : unit.length())
          + (value instanceof String text ? text.length() : 0);
    }
  }

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

  /** Where a page of newest values begins: after this series. */
  public record Place(String stream, String metric) {
    /** Before all series. */
    public static final Place START = new Place("", "");
  }

  /**
   * The newest values of a device, in the order of stream and metric.
   *
   * @param limit how many at most; of large ones there are fewer
   */
  public Page<Latest> latest(DeviceId device, Place after, int limit) throws SQLException {
    List<Latest> values = new ArrayList<>();
    long characters = 0;
    try (Connection connection = database.connect();
        PreparedStatement select = TelemetryDatabase.reading(connection, LATEST)) {
      select.setString(1, device.value());
      select.setString(2, after.stream());
      select.setString(3, after.stream());
      select.setString(4, after.metric());
      select.setInt(5, limit + 1);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          Latest latest = latest(rows);
          characters += latest.characters();
          boolean full = values.size() == limit || characters > LATEST_CHARACTERS;
          if (full && !values.isEmpty()) {
            return new Page<>(values, true);
          }
          values.add(latest);
        }
      }
    }
    return new Page<>(values, false);
  }

  private static Latest latest(ResultSet rows) throws SQLException {
    return new Latest(
        rows.getString(1),
        rows.getString(2),
        rows.getString(3),
        value(rows, 4),
        Micros.time(rows.getLong(7)),
        Micros.time(rows.getLong(8)));
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
        PreparedStatement select = TelemetryDatabase.reading(connection, sql)) {
      int next = 1;
      select.setString(next++, device.value());
      select.setLong(next++, Micros.of(range.from()));
      select.setLong(next++, Micros.of(range.to()));
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
              .add(new Point(Micros.time(rows.getLong(7)), value(rows, 4)), rows.getString(3));
        }
      }
    }
    return series.entrySet().stream()
        .map(entry ->
            entry.getValue().toSeries(entry.getKey().get(0), entry.getKey().get(1)))
        .toList();
  }

  /** A dead letter. */
  public record DeadLetter(String stream, Instant receivedAt, String reason) {}

  /** The newest dead letters of a device. */
  public List<DeadLetter> deadLetters(DeviceId device, int limit) throws SQLException {
    try (Connection connection = database.connect();
        PreparedStatement select = TelemetryDatabase.reading(connection, DEAD_LETTERS)) {
      select.setString(1, device.value());
      select.setInt(2, limit);
      List<DeadLetter> letters = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          letters.add(
              new DeadLetter(rows.getString(1), Micros.time(rows.getLong(2)), rows.getString(3)));
        }
      }
      return letters;
    }
  }

  private static Object value(ResultSet rows, int from) throws SQLException {
    double number = rows.getDouble(from);
    if (!rows.wasNull()) {
      return number;
    }
    String text = rows.getString(from + 1);
    return text == null ? rows.getBoolean(from + 2) : text;
  }
}
