/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.retention;

import dev.muster.broker.telemetry.rollup.Tier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Deletes old buckets of a tier: goes from series to series over the key, which needs no index by
 * age, and once it has been through rests for an hour.
 */
final class OldRollups {
  private static final int SERIES = 200;
  private static final int ROWS = 500;
  private static final Duration REST = Duration.ofHours(1);

  private final Tier tier;
  private final Retention retention;
  private final Clock clock;
  private long next = Long.MIN_VALUE;
  private Instant restUntil = Instant.MIN;

  OldRollups(Tier tier, Retention retention, Clock clock) {
    this.tier = tier;
    this.retention = retention;
    this.clock = clock;
  }

  /** Deletes a slice and commits it. @return whether there is more to do */
  boolean step(Connection connection) throws SQLException {
    if (clock.instant().isBefore(restUntil)) {
      return false;
    }
    long oldest = tier.bucketOf(retention.oldestMicros(tier, clock.instant()));
    String first = "SELECT place FROM " + tier.table() + " WHERE place>=? ORDER BY place LIMIT 1";
    String delete = "DELETE FROM " + tier.table() + " WHERE place>=? AND place<?";
    boolean through = false;
    try (PreparedStatement find = connection.prepareStatement(first);
        PreparedStatement remove = connection.prepareStatement(delete)) {
      int rows = 0;
      for (int i = 0; i < SERIES && rows < ROWS && !through; i++) {
        find.setLong(1, next);
        try (ResultSet found = find.executeQuery()) {
          if (found.next()) {
            rows += deleteFrom(remove, found.getLong(1), oldest);
          } else {
            through = true;
          }
        }
      }
    }
    connection.commit();
    if (through) {
      next = Long.MIN_VALUE;
      restUntil = clock.instant().plus(REST);
    }
    return !through;
  }

  /** @param place of the oldest bucket of a series */
  private int deleteFrom(PreparedStatement remove, long place, long oldest) throws SQLException {
    long series = Tier.seriesOf(place);
    long end = Math.min(Tier.place(series, oldest), place + ROWS);
    if (end <= place) {
      next = Tier.place(series + 1, Integer.MIN_VALUE);
      return 0;
    }
    remove.setLong(1, place);
    remove.setLong(2, end);
    next = end;
    return remove.executeUpdate();
  }
}
