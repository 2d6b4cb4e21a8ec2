/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.retention;

import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.rollup.Marks;
import dev.muster.broker.telemetry.rollup.Tier;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes what is older than the retention, a little at a time, each in a transaction of its own:
 * none holds up the writer for longer than it takes to delete some hundred rows.
 *
 * <p>Belongs to one thread at a time.
 */
public final class OldTelemetry {
  private static final int MESSAGES = 200;
  private static final int VALUES = 100;
  private static final String OLDEST =
      "SELECT id, received_us FROM message WHERE id>? AND id<=? ORDER BY id LIMIT ?";
  private static final String SAMPLES = "SELECT message_id FROM sample"
      + " WHERE message_id>? AND message_id<=? ORDER BY message_id LIMIT ?";

  private final TelemetryDatabase database;
  private final Retention retention;
  private final Clock clock;
  private final Counter deleted;
  private final List<OldRollups> rollups = new ArrayList<>();

  /** Where looking for the oldest begins: what lies before costs PostgreSQL time though deleted. */
  private long goneUpTo;

  public OldTelemetry(
      TelemetryDatabase database, Retention retention, Clock clock, MeterRegistry meters) {
    this.database = database;
    this.retention = retention;
    this.clock = clock;
    this.deleted = Counter.builder("muster.telemetry.deleted")
        .description("Messages deleted because of their age")
        .register(meters);
    for (Tier tier : Tier.values()) {
      rollups.add(new OldRollups(tier, retention, clock));
    }
  }

  /** Deletes a slice. @return whether there is more to do */
  public boolean step() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      boolean more = deleteMessages(connection);
      for (OldRollups tier : rollups) {
        more |= tier.step(connection);
      }
      return more;
    }
  }

  private boolean deleteMessages(Connection connection) throws SQLException {
    List<Long> messages = oldMessages(connection);
    if (messages.isEmpty()) {
      return false;
    }
    long last = slice(connection, messages);
    delete(connection, "sample", "message_id", last);
    int count = delete(connection, "message", "id", last);
    connection.commit();
    goneUpTo = last;
    deleted.increment(count);
    return count < messages.size() || messages.size() == MESSAGES;
  }

  private List<Long> oldMessages(Connection connection) throws SQLException {
    long oldest = retention.oldestRawMicros(clock.instant());
    List<Long> messages = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(OLDEST)) {
      select.setLong(1, goneUpTo);
      select.setLong(2, Marks.countedByAll(connection));
      select.setInt(3, MESSAGES);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next() && rows.getLong(2) < oldest) {
          messages.add(rows.getLong(1));
        }
      }
    }
    return messages;
  }

  /**
   * Up to which message is deleted at once: a message has up to some hundred values, and it is they
   * that take time.
   */
  private long slice(Connection connection, List<Long> messages) throws SQLException {
    long last = messages.get(messages.size() - 1);
    try (PreparedStatement select = connection.prepareStatement(SAMPLES)) {
      select.setLong(1, goneUpTo);
      select.setLong(2, last);
      select.setInt(3, VALUES);
      try (ResultSet rows = select.executeQuery()) {
        int count = 0;
        long message = last;
        while (rows.next()) {
          message = rows.getLong(1);
          count++;
        }
        // The last of them may have more values, but it is not left in halves.
        return count == VALUES ? message : last;
      }
    }
  }

  private int delete(Connection connection, String table, String id, long last)
      throws SQLException {
    String sql = "DELETE FROM " + table + " WHERE " + id + ">? AND " + id + "<=?";
    try (PreparedStatement delete = connection.prepareStatement(sql)) {
      delete.setLong(1, goneUpTo);
      delete.setLong(2, last);
      return delete.executeUpdate();
    }
  }
}
