/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.ValueColumns;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Values as they came, by the time of the event. Blocks; safe for use by several threads. */
public final class RawValues {
  /** All columns of the index in its order: else H2 reads and sorts all that the range holds. */
  static final String PAGE = "SELECT time_us, message_id, place, num, txt, bool FROM sample"
      + " WHERE device=? AND stream=? AND metric=? AND time_us>=? AND time_us<?"
      + " AND (time_us>? OR message_id>? OR message_id=? AND place>?)"
      + " ORDER BY device, stream, metric, time_us, message_id, place LIMIT ?";

  private final TelemetryDatabase database;

  public RawValues(TelemetryDatabase database) {
    this.database = database;
  }

  /**
   * Where a page begins: after this value. New values neither shift nor repeat the others.
   *
   * @param message of one time, values are in the order of their messages
   * @param index and of their places therein
   */
  public record Place(Instant time, long message, int index) {
    /** Before all values. */
    public static final Place START = new Place(Micros.EARLIEST, -1, -1);
  }

  /** A value. @param value as in {@link Point} */
  public record RawValue(Instant time, long message, int index, Object value) {
    /** The place after it. */
    public Place place() {
      return new Place(time, message, index);
    }
  }

  /** Which series. */
  public record Key(DeviceId device, String stream, String metric) {}

  /** Values of a series from a time to another. @param limit how many at most */
  public Page<RawValue> page(Key key, Instant from, Instant to, Place after, int limit)
      throws SQLException {
    try (Connection connection = database.connectToRead()) {
      List<RawValue> values = read(connection, key, from, to, after, limit + 1);
      boolean more = values.size() > limit;
      return new Page<>(more ? values.subList(0, limit) : values, more);
    }
  }

  static List<RawValue> read(
      Connection connection, Key key, Instant from, Instant to, Place after, int limit)
      throws SQLException {
    long last = Micros.of(after.time());
    try (PreparedStatement select = connection.prepareStatement(PAGE)) {
      select.setString(1, key.device().value());
      select.setString(2, key.stream());
      select.setString(3, key.metric());
      select.setLong(4, Math.max(Micros.of(from), last));
      select.setLong(5, Micros.of(to));
      select.setLong(6, last);
      select.setLong(7, after.message());
      select.setLong(8, after.message());
      select.setInt(9, after.index());
      select.setInt(10, limit);
      List<RawValue> values = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          values.add(new RawValue(
              Micros.time(rows.getLong(1)),
              rows.getLong(2),
              rows.getInt(3),
              ValueColumns.read(rows, 4)));
        }
      }
      return values;
    }
  }
}
