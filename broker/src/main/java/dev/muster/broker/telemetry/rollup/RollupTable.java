/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.rollup;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The rows of a tier, over a connection of the caller's. */
final class RollupTable {
  private static final int ASKED_AT_ONCE = 64;

  private final String select;
  private final String insert;
  private final String update;

  RollupTable(Tier tier) {
    String table = tier.table();
    select =
        "SELECT place, number, lowest, highest, mean, last_num, last_us, last_seq FROM " + table
            + " WHERE place IN (" + String.join(",", Collections.nCopies(ASKED_AT_ONCE, "?")) + ")";
    insert = "INSERT INTO " + table
        + " (number, lowest, highest, mean, last_num, last_us, last_seq, place)"
        + " VALUES (?,?,?,?,?,?,?,?)";
    update = "UPDATE " + table
        + " SET number=?, lowest=?, highest=?, mean=?, last_num=?, last_us=?, last_seq=? WHERE place=?";
  }

  /** Adds to what is there. */
  void add(Connection connection, Map<Long, Rollup> fresh) throws SQLException {
    // In the order of the key: neighbours share a page.
    TreeMap<Long, Rollup> sorted = new TreeMap<>(fresh);
    Map<Long, Rollup> present = read(connection, new ArrayList<>(sorted.keySet()));
    try (PreparedStatement inserts = connection.prepareStatement(insert);
        PreparedStatement updates = connection.prepareStatement(update)) {
      for (Map.Entry<Long, Rollup> entry : sorted.entrySet()) {
        Rollup before = present.get(entry.getKey());
        if (before == null) {
          batch(inserts, entry.getKey(), entry.getValue());
        } else {
          batch(updates, entry.getKey(), before.plus(entry.getValue()));
        }
      }
      inserts.executeBatch();
      updates.executeBatch();
    }
  }

  private Map<Long, Rollup> read(Connection connection, List<Long> places) throws SQLException {
    Map<Long, Rollup> present = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(select)) {
      for (int from = 0; from < places.size(); from += ASKED_AT_ONCE) {
        for (int i = 0; i < ASKED_AT_ONCE; i++) {
          // Always the same statement: the last one is asked for again to fill it up.
          statement.setLong(i + 1, places.get(Math.min(from + i, places.size() - 1)));
        }
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            present.put(rows.getLong(1), RollupRows.rollup(rows, 2));
          }
        }
      }
    }
    return present;
  }

  private static void batch(PreparedStatement statement, long place, Rollup rollup)
      throws SQLException {
    statement.setLong(1, rollup.count());
    statement.setDouble(2, rollup.least());
    statement.setDouble(3, rollup.most());
    statement.setDouble(4, rollup.mean());
    statement.setDouble(5, rollup.last());
    statement.setLong(6, rollup.lastMicros());
    statement.setLong(7, rollup.lastSequence());
    statement.setLong(8, place);
    statement.addBatch();
  }
}
