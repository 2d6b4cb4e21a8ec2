/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The ranges in the database; the transaction is the caller's. */
final class RangeTable {
  /** How many boots of a device are kept: the newest. */
  static final int BOOTS = 20;

  private static final String SELECT =
      "SELECT first_seq, last_seq, seen_us FROM sequence_range WHERE device=? AND boot=?";
  private static final String INSERT = "INSERT INTO sequence_range"
      + " (last_seq, seen_us, device, boot, first_seq) VALUES (?,?,?,?,?)";
  private static final String UPDATE = "UPDATE sequence_range SET last_seq=?, seen_us=?"
      + " WHERE device=? AND boot=? AND first_seq=?";
  private static final String DELETE =
      "DELETE FROM sequence_range WHERE device=? AND boot=? AND first_seq=?";
  private static final String BOOTS_OF_DEVICE = "SELECT boot FROM sequence_range WHERE device=?"
      + " GROUP BY boot ORDER BY MAX(seen_us) DESC, boot DESC";
  private static final String DELETE_BOOT = "DELETE FROM sequence_range WHERE device=? AND boot=?";

  private final Connection connection;

  RangeTable(Connection connection) {
    this.connection = connection;
  }

  Ranges read(String device, String boot) throws SQLException {
    Ranges ranges = new Ranges();
    try (PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setString(1, device);
      select.setString(2, boot);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          ranges.load(rows.getLong(1), rows.getLong(2), rows.getLong(3));
        }
      }
    }
    return ranges;
  }

  void write(String device, String boot, Ranges ranges) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(DELETE)) {
      for (long first : ranges.gone()) {
        delete.setString(1, device);
        delete.setString(2, boot);
        delete.setLong(3, first);
        delete.addBatch();
      }
      delete.executeBatch();
    }
    put(INSERT, device, boot, ranges, true);
    put(UPDATE, device, boot, ranges, false);
    if (ranges.isNew()) {
      forgetOldBoots(device);
    }
  }

  private void put(String sql, String device, String boot, Ranges ranges, boolean insert)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (long first : ranges.toWrite(insert)) {
        Ranges.Range range = ranges.all().get(first);
        statement.setLong(1, range.last());
        statement.setLong(2, range.seenMicros());
        statement.setString(3, device);
        statement.setString(4, boot);
        statement.setLong(5, first);
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  private void forgetOldBoots(String device) throws SQLException {
    List<String> boots = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(BOOTS_OF_DEVICE)) {
      select.setString(1, device);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          boots.add(rows.getString(1));
        }
      }
    }
    try (PreparedStatement delete = connection.prepareStatement(DELETE_BOOT)) {
      for (String boot : boots.subList(Math.min(BOOTS, boots.size()), boots.size())) {
        delete.setString(1, device);
        delete.setString(2, boot);
        delete.executeUpdate();
      }
    }
  }
}
