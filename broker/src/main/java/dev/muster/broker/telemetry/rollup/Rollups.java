/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.rollup;

import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.retention.Retention;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts what has been committed into minutes, hours and days, in the order of the commits, behind
 * the back of those who wait for a PUBACK.
 *
 * <p>What a step has counted and up to where are committed together: a message counts once, however
 * often this stops in between, and whatever its time. Hours and days are written less often, so
 * that many samples make one write.
 *
 * <p>Belongs to one thread at a time.
 */
public final class Rollups {
  private static final String SAMPLES = "SELECT s.message_id, l.series, s.time_us, s.num, m.seq"
      + " FROM sample s JOIN message m ON m.id=s.message_id"
      + " JOIN latest l ON l.device=s.device AND l.stream=s.stream AND l.metric=s.metric"
      + " WHERE s.message_id>? AND s.message_id<=? AND s.num IS NOT NULL ORDER BY s.message_id";
  private static final int MESSAGES = 4_000;
  private static final int MAX_PENDING = 20_000;
  /** Brokers on one database take turns, long enough for the one that counts to write its days. */
  private static final Duration TURN = Duration.ofMinutes(5);

  private final TelemetryDatabase database;
  private final Retention retention;
  private final Clock clock;
  private final Map<Tier, Counting> tiers = new EnumMap<>(Tier.class);
  private Instant leftToAnother = Instant.MIN;
  private volatile long behind;
  private long position;

  /** What a tier has counted and not yet written. */
  private static final class Counting {
    final RollupTable table;
    final int every;
    final Map<Long, Rollup> pending = new HashMap<>();
    long mark;
    int steps;

    /** @param every how many steps go into one write */
    Counting(Tier tier, int every) {
      this.table = new RollupTable(tier);
      this.every = every;
    }
  }

  public Rollups(TelemetryDatabase database, Retention retention, Clock clock) {
    this.database = database;
    this.retention = retention;
    this.clock = clock;
  }

  /** How many messages are not counted yet, by the last step. */
  public long behind() {
    return behind;
  }

  /**
   * Counts some messages.
   *
   * @return whether there is more to do at once
   */
  public boolean step() throws SQLException {
    if (clock.instant().isBefore(leftToAnother)) {
      return false;
    }
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      if (tiers.isEmpty()) {
        begin(connection);
      }
      long last = Marks.lastMessage(connection);
      long upTo = Math.min(last, position + MESSAGES);
      boolean idle = upTo <= position;
      if (!idle) {
        count(connection, upTo);
        position = upTo;
      }
      connection.rollback();
      if (!writeDue(connection, idle)) {
        // What was not written will be read again: by the other, or by us from its marks on.
        tiers.clear();
        leftToAnother = clock.instant().plus(TURN);
        return false;
      }
      behind = last - position;
      return position < last;
    } catch (SQLException | RuntimeException e) {
      tiers.clear();
      throw e;
    }
  }

  private void begin(Connection connection) throws SQLException {
    Map<Tier, Long> marks = Marks.all(connection);
    position = Long.MAX_VALUE;
    for (Tier tier : Tier.values()) {
      Counting counting = new Counting(
          tier,
          switch (tier) {
            case MINUTE -> 1;
            case HOUR -> 15;
            case DAY -> 60;
          });
      counting.mark = marks.getOrDefault(tier, 0L);
      position = Math.min(position, counting.mark);
      tiers.put(tier, counting);
    }
  }

  private void count(Connection connection, long upTo) throws SQLException {
    Map<Tier, Long> oldest = new EnumMap<>(Tier.class);
    for (Tier tier : Tier.values()) {
      oldest.put(tier, retention.oldestMicros(tier, clock.instant()));
    }
    try (PreparedStatement select = connection.prepareStatement(SAMPLES)) {
      select.setLong(1, position);
      select.setLong(2, upTo);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          long message = rows.getLong(1);
          long micros = rows.getLong(3);
          Rollup one = Rollup.of(rows.getDouble(4), micros, rows.getLong(5));
          for (Map.Entry<Tier, Counting> entry : tiers.entrySet()) {
            Tier tier = entry.getKey();
            boolean kept = micros >= oldest.getOrDefault(tier, 0L) && tier.holds(micros);
            if (kept && message > entry.getValue().mark) {
              long place = Tier.place(rows.getLong(2), tier.bucketOf(micros));
              entry.getValue().pending.merge(place, one, Rollup::plus);
            }
          }
        }
      }
    }
  }

  /** @return false if another broker on this database counts */
  private boolean writeDue(Connection connection, boolean idle) throws SQLException {
    for (Map.Entry<Tier, Counting> entry : tiers.entrySet()) {
      Counting counting = entry.getValue();
      counting.steps++;
      boolean due =
          idle || counting.steps >= counting.every || counting.pending.size() > MAX_PENDING;
      // A tier that was ahead of the others at the start waits until they have come as far.
      if (due && position > counting.mark && !write(connection, entry.getKey(), counting)) {
        return false;
      }
    }
    return true;
  }

  private boolean write(Connection connection, Tier tier, Counting counting) throws SQLException {
    if (Marks.take(connection, tier) != counting.mark) {
      connection.rollback();
      return false;
    }
    counting.table.add(connection, counting.pending);
    Marks.set(connection, tier, position);
    connection.commit();
    counting.mark = position;
    counting.pending.clear();
    counting.steps = 0;
    return true;
  }
}
