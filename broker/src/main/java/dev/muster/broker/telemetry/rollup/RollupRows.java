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
import java.util.List;

/** Reads the rows of a tier. */
public final class RollupRows {
  private RollupRows() {}

  /** One bucket of a series. */
  public record Bucket(long number, Rollup rollup) {}

  /**
   * Buckets of a series in the order of time.
   *
   * @param from the number of the first
   * @param to the number after the last
   * @param limit how many at most
   */
  public static List<Bucket> read(
      Connection connection, Tier tier, long series, long from, long to, int limit)
      throws SQLException {
    String sql = "SELECT place, number, lowest, highest, mean, last_num, last_us, last_seq FROM "
        + tier.table() + " WHERE place>=? AND place<? ORDER BY place LIMIT ?";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, Tier.place(series, from));
      select.setLong(2, Tier.place(series, to));
      select.setInt(3, limit);
      List<Bucket> buckets = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          buckets.add(new Bucket(Tier.bucketOfPlace(rows.getLong(1)), rollup(rows, 2)));
        }
      }
      return buckets;
    }
  }

  static Rollup rollup(ResultSet rows, int from) throws SQLException {
    return new Rollup(
        rows.getLong(from),
        rows.getDouble(from + 1),
        rows.getDouble(from + 2),
        rows.getDouble(from + 3),
        rows.getDouble(from + 4),
        rows.getLong(from + 5),
        rows.getLong(from + 6));
  }
}
