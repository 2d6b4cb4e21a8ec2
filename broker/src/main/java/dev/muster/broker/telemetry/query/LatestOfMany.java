/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The newest values of many devices. Blocks; safe for use by several threads. */
public final class LatestOfMany {
  private static final int DEVICES_AT_ONCE = 64;

  /** A text may have 4,096 characters, and so may a unit; a page is in memory as a whole. */
  private static final int MAX_CHARACTERS = 2 * 1024 * 1024;

  private final TelemetryDatabase database;

  public LatestOfMany(TelemetryDatabase database) {
    this.database = database;
  }

  /** The newest value of a metric of a device. */
  public record OfDevice(String device, TelemetryQuery.Latest latest) {}

  /** Where a page begins: after this series. */
  public record Place(String device, TelemetryQuery.Place series) {
    /** Before all devices. */
    public static final Place START = new Place("", TelemetryQuery.Place.START);
  }

  /**
   * The newest values; the times of the selection do not count.
   *
   * @param limit how many at most; of large ones there are fewer
   */
  public Page<OfDevice> latest(Selection selection, Place after, int limit) throws SQLException {
    List<String> devices = selection.devices().stream().map(DeviceId::value).toList();
    int start = start(devices, after);
    PageOfMany page = new PageOfMany(limit);
    String sql = sql(selection);
    try (Connection connection = database.connectToRead()) {
      for (int i = start; i < devices.size() && !page.more; i += DEVICES_AT_ONCE) {
        List<String> some = devices.subList(i, Math.min(i + DEVICES_AT_ONCE, devices.size()));
        Place from = i == start ? after : Place.START;
        // Anew each time, for what is left of the time.
        try (PreparedStatement select = connection.prepareStatement(sql)) {
          set(select, selection, some, from, limit + 1 - page.values.size());
          page.add(select);
        }
      }
    }
    return new Page<>(page.values, page.more);
  }

  /** A page that is being filled. */
  private static final class PageOfMany {
    private final List<OfDevice> values = new ArrayList<>();
    private final int limit;
    private long characters;
    private boolean more;

    PageOfMany(int limit) {
      this.limit = limit;
    }

    void add(PreparedStatement select) throws SQLException {
      try (ResultSet rows = select.executeQuery()) {
        while (!more && rows.next()) {
          OfDevice value = new OfDevice(rows.getString(9), TelemetryQuery.latest(rows));
          characters += value.latest().characters();
          boolean full = values.size() == limit || characters > MAX_CHARACTERS;
          if (full && !values.isEmpty()) {
            more = true;
          } else {
            values.add(value);
          }
        }
      }
    }
  }

  /**
   * The first of those asked for together with the device of the cursor. Only among these does the
   * database's own order count, which need not be ours.
   */
  private static int start(List<String> devices, Place after) {
    int index = after.equals(Place.START) ? 0 : devices.indexOf(after.device());
    if (index < 0) {
      throw new IllegalArgumentException("after: " + Quoted.of(after.device())
          + " (expected: the next of the page before, with the same devices)");
    }
    return index - index % DEVICES_AT_ONCE;
  }

  private static String sql(Selection selection) {
    return "SELECT stream, metric, unit, num, txt, bool, time_us, received_us, device FROM latest"
        + " WHERE device IN (" + String.join(",", Collections.nCopies(DEVICES_AT_ONCE, "?")) + ")"
        + " AND (device>? OR device=? AND (stream>? OR stream=? AND metric>?))"
        + selection.condition()
        + " ORDER BY device, stream, metric LIMIT ?";
  }

  private static void set(
      PreparedStatement select, Selection selection, List<String> devices, Place after, int limit)
      throws SQLException {
    int next = 1;
    for (int i = 0; i < DEVICES_AT_ONCE; i++) {
      // Always the same statement: the last one is asked for again to fill it up.
      select.setString(next++, devices.get(Math.min(i, devices.size() - 1)));
    }
    select.setString(next++, after.device());
    select.setString(next++, after.device());
    select.setString(next++, after.series().stream());
    select.setString(next++, after.series().stream());
    select.setString(next++, after.series().metric());
    select.setInt(selection.set(select, next), limit);
  }
}
