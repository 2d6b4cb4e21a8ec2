/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StrictJson;
import dev.muster.broker.state.Times;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** The twins in the database. */
final class TwinTable {
  private static final String FIND = "SELECT desired, desired_version, desired_us,"
      + " reported, reported_version, reported_us, applied_version FROM twin WHERE device=?";
  private static final String UPDATE = "UPDATE twin SET desired=?, desired_version=?, desired_us=?,"
      + " reported=?, reported_version=?, reported_us=?, applied_version=? WHERE device=?";
  private static final String INSERT = "INSERT INTO twin (desired, desired_version, desired_us,"
      + " reported, reported_version, reported_us, applied_version, device)"
      + " VALUES (?,?,?,?,?,?,?,?)";

  private final Connection connection;

  TwinTable(Connection connection) {
    this.connection = connection;
  }

  Twin find(DeviceId device) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FIND)) {
      select.setString(1, device.value());
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? new Twin(part(rows, 1), part(rows, 4), rows.getLong(7)) : Twin.NONE;
      }
    }
  }

  private static Twin.Part part(ResultSet rows, int column) throws SQLException {
    ObjectNode content = (ObjectNode) StrictJson.stored(rows.getString(column));
    return new Twin.Part(rows.getLong(column + 1), content, Times.get(rows, column + 2));
  }

  /** @return what was saved */
  Twin save(DeviceId device, Twin twin) throws SQLException {
    if (write(UPDATE, device, twin) == 0) {
      write(INSERT, device, twin);
    }
    return twin;
  }

  private int write(String sql, DeviceId device, Twin twin) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      set(statement, 1, twin.desired());
      set(statement, 4, twin.reported());
      statement.setLong(7, twin.appliedVersion());
      statement.setString(8, device.value());
      return statement.executeUpdate();
    }
  }

  private static void set(PreparedStatement statement, int column, Twin.Part part)
      throws SQLException {
    statement.setString(column, part.content().toString());
    statement.setLong(column + 1, part.version());
    Times.set(statement, column + 2, part.changedAt());
  }
}
