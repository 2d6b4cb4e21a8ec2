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
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the telemetry. Blocks; safe for use by several threads. */
public final class TelemetryQuery {
  private static final int LATEST_CHARACTERS = 2 * 1024 * 1024;

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
    /** How many it has where there may be many. */
    public int characters() {
      return (unit == null ? 0 : unit.length())
          + (value instanceof String text ? text.length() : 0);
    }
  }

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
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(LATEST)) {
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

  /** @param rows with the columns stream, metric, unit, num, txt, bool, time_us, received_us */
  public static Latest latest(ResultSet rows) throws SQLException {
    return new Latest(
        rows.getString(1),
        rows.getString(2),
        rows.getString(3),
        ValueColumns.read(rows, 4),
        Micros.time(rows.getLong(7)),
        Micros.time(rows.getLong(8)));
  }
}
