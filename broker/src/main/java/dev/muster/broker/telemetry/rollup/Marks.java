/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.rollup;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.Map;

/** Up to which message each tier has counted, over a connection of the caller's. */
public final class Marks {
  private Marks() {}

  /** Up to which message all tiers have counted: what is older, they need no more. */
  public static long countedByAll(Connection connection) throws SQLException {
    return number(connection, "SELECT MIN(message) FROM rollup_mark");
  }

  static long lastMessage(Connection connection) throws SQLException {
    return number(connection, "SELECT message FROM telemetry_ids");
  }

  static Map<Tier, Long> all(Connection connection) throws SQLException {
    Map<Tier, Long> marks = new EnumMap<>(Tier.class);
    for (Tier tier : Tier.values()) {
      marks.put(tier, of(connection, tier, ""));
    }
    return marks;
  }

  /** Keeps others from counting in a tier until the transaction ends. @return its mark */
  static long take(Connection connection, Tier tier) throws SQLException {
    return of(connection, tier, " FOR UPDATE");
  }

  private static long of(Connection connection, Tier tier, String suffix) throws SQLException {
    String sql = "SELECT message FROM rollup_mark WHERE tier='" + tier.label() + "'" + suffix;
    return number(connection, sql);
  }

  static void set(Connection connection, Tier tier, long message) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE rollup_mark SET message=? WHERE tier=?")) {
      update.setLong(1, message);
      update.setString(2, tier.label());
      update.executeUpdate();
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql);
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
