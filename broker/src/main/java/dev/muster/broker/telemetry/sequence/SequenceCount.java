/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import dev.muster.broker.telemetry.TelemetryDatabase;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes note of the sequence numbers that have come, in the order of the commits and behind the
 * back of those who wait for a PUBACK. What is kept aside has come, too.
 *
 * <p>What a step notes and up to where are committed together. Belongs to one thread at a time;
 * brokers on one database take turns.
 */
public final class SequenceCount {
  private static final int AT_ONCE = 8_000;
  private static final List<String> SOURCES = List.of("message", "dead_letter");
  private static final String TAKE_MARK = "SELECT id FROM sequence_mark WHERE source=? FOR UPDATE";
  private static final String SET_MARK = "UPDATE sequence_mark SET id=? WHERE source=?";
  private static final String NEXT =
      "SELECT id, device, boot, seq, received_us FROM %s WHERE id>? ORDER BY id LIMIT " + AT_ONCE;

  private record Boot(String device, String name) {}

  private record Seen(long number, long micros) {}

  private final TelemetryDatabase database;
  private final Counter forgotten;

  public SequenceCount(TelemetryDatabase database, MeterRegistry meters) {
    this.database = database;
    this.forgotten = Counter.builder("muster.telemetry.gaps.forgotten")
        .description("Gaps in sequence numbers that had to go for newer ones of the same boot")
        .register(meters);
  }

  /** Takes note of some. @return whether there is more to do at once */
  public boolean step() throws SQLException {
    boolean more = false;
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      for (String source : SOURCES) {
        more |= step(connection, source);
      }
    }
    return more;
  }

  private boolean step(Connection connection, String source) throws SQLException {
    Map<Boot, List<Seen>> fresh = new LinkedHashMap<>();
    long mark = takeMark(connection, source);
    long last = mark;
    int count = 0;
    try (PreparedStatement next = connection.prepareStatement(String.format(NEXT, source))) {
      next.setLong(1, mark);
      try (ResultSet rows = next.executeQuery()) {
        for (; rows.next(); count++) {
          last = rows.getLong(1);
          String boot = rows.getString(3);
          if (boot != null) {
            fresh
                .computeIfAbsent(new Boot(rows.getString(2), boot), absent -> new ArrayList<>())
                .add(new Seen(rows.getLong(4), rows.getLong(5)));
          }
        }
      }
    }
    if (count == 0) {
      connection.rollback();
      return false;
    }
    note(connection, fresh);
    setMark(connection, source, last);
    connection.commit();
    return count == AT_ONCE;
  }

  private void note(Connection connection, Map<Boot, List<Seen>> fresh) throws SQLException {
    RangeTable table = new RangeTable(connection);
    for (Map.Entry<Boot, List<Seen>> entry : fresh.entrySet()) {
      Boot boot = entry.getKey();
      Ranges ranges = table.read(boot.device(), boot.name());
      entry.getValue().forEach(seen -> ranges.add(seen.number(), seen.micros()));
      forgotten.increment(ranges.cut());
      table.write(boot.device(), boot.name(), ranges);
    }
  }

  private static long takeMark(Connection connection, String source) throws SQLException {
    try (PreparedStatement take = connection.prepareStatement(TAKE_MARK)) {
      take.setString(1, source);
      try (ResultSet rows = take.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  private static void setMark(Connection connection, String source, long id) throws SQLException {
    try (PreparedStatement set = connection.prepareStatement(SET_MARK)) {
      set.setLong(1, id);
      set.setString(2, source);
      set.executeUpdate();
    }
  }
}
