/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Which series there are: each has a newest value. */
final class SeriesNames {
  private SeriesNames() {}

  /** The series of a selection in their order. @param limit how many at most */
  static List<SeriesName> of(Connection connection, Selection selection, int limit)
      throws SQLException {
    List<SeriesName> names = new ArrayList<>();
    for (DeviceId device : selection.devices()) {
      if (names.size() < limit) {
        names.addAll(of(connection, selection, device, limit - names.size()));
      }
    }
    return names;
  }

  static List<SeriesName> of(Connection connection, Selection selection, DeviceId device, int limit)
      throws SQLException {
    String sql = "SELECT device, stream, metric, unit, series FROM latest WHERE device=?"
        + selection.condition()
        + " ORDER BY device, stream, metric LIMIT ?";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, device.value());
      select.setInt(selection.set(select, 2), limit);
      List<SeriesName> names = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          names.add(new SeriesName(
              rows.getString(1),
              rows.getString(2),
              rows.getString(3),
              rows.getString(4),
              rows.getLong(5)));
        }
      }
      return names;
    }
  }
}
