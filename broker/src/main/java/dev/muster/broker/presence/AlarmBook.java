/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import dev.muster.broker.session.SessionAlarm;
import dev.muster.broker.state.StateStore;
import dev.muster.broker.state.Times;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Alarms about sessions, kept until the newest of many others make them go. Thread-safe. */
public final class AlarmBook {
  private static final Logger LOG = LoggerFactory.getLogger(AlarmBook.class);
  private static final int MAX_KEPT = 1_000;
  private static final String SELECT = "SELECT id, kind, client, subject, certificate, addresses,"
      + " raised_us, last_us, times, acknowledged_us FROM session_alarm";

  /** An alarm as it is kept. @param acknowledgedAt when an operator has looked at it */
  public record Kept(long id, SessionAlarm alarm, @Nullable Instant acknowledgedAt) {}

  private final StateStore store;
  private final Clock clock;
  private final MeterRegistry meters;

  public AlarmBook(StateStore store, Clock clock, MeterRegistry meters) {
    this.store = store;
    this.clock = clock;
    this.meters = meters;
  }

  /** Notes an alarm, or how one goes on. Returns at once. */
  public void note(SessionAlarm alarm) {
    if (alarm.isNew()) {
      meters.counter("muster.session.alarms", "kind", nameOf(alarm.kind())).increment();
      LOG.warn(
          "Session alarm kind={} client={} subject={} serial={} detail={}",
          nameOf(alarm.kind()),
          alarm.client(),
          alarm.subject(),
          alarm.certificate(),
          alarm.detail());
    }
    store
        .write(connection -> {
          if (update(connection, alarm) == 0) {
            insert(connection, alarm);
          }
          return true;
        })
        .exceptionally(failure -> {
          LOG.error(
              "Session alarm not kept client={} error={}", alarm.client(), failure.toString());
          return false;
        });
  }

  private static int update(Connection connection, SessionAlarm alarm) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE session_alarm SET addresses=?, last_us=?, times=?"
            + " WHERE kind=? AND subject=? AND certificate=? AND raised_us=?")) {
      update.setString(1, String.join(" ", alarm.addresses()));
      update.setLong(2, Times.toMicros(alarm.lastAt()));
      update.setLong(3, alarm.times());
      update.setString(4, nameOf(alarm.kind()));
      update.setString(5, alarm.subject());
      update.setString(6, alarm.certificate());
      update.setLong(7, Times.toMicros(alarm.raisedAt()));
      return update.executeUpdate();
    }
  }

  private static void insert(Connection connection, SessionAlarm alarm) throws SQLException {
    long id = maxId(connection) + 1;
    try (PreparedStatement insert = connection.prepareStatement(
            "INSERT INTO session_alarm (id, kind, client, subject, certificate, addresses,"
                + " raised_us, last_us, times) VALUES (?,?,?,?,?,?,?,?,?)");
        PreparedStatement forget =
            connection.prepareStatement("DELETE FROM session_alarm WHERE id<=?")) {
      insert.setLong(1, id);
      insert.setString(2, nameOf(alarm.kind()));
      insert.setString(3, alarm.client());
      insert.setString(4, alarm.subject());
      insert.setString(5, alarm.certificate());
      insert.setString(6, String.join(" ", alarm.addresses()));
      insert.setLong(7, Times.toMicros(alarm.raisedAt()));
      insert.setLong(8, Times.toMicros(alarm.lastAt()));
      insert.setLong(9, alarm.times());
      insert.executeUpdate();
      forget.setLong(1, id - MAX_KEPT);
      forget.executeUpdate();
    }
  }

  private static long maxId(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT COALESCE(MAX(id), 0) FROM session_alarm");
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** The oldest first. @param all also those that were acknowledged. Blocks. */
  public List<Kept> list(boolean all) throws SQLException {
    String where = all ? "" : " WHERE acknowledged_us IS NULL";
    return store.read(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(SELECT + where + " ORDER BY id")) {
        return read(select);
      }
    });
  }

  /** An operator has looked at an alarm. @return false if there is none of that id */
  public CompletableFuture<Boolean> acknowledge(long id) {
    Instant now = clock.instant();
    return store.write(connection -> {
      try (PreparedStatement update = connection.prepareStatement(
          "UPDATE session_alarm SET acknowledged_us=COALESCE(acknowledged_us, ?) WHERE id=?")) {
        update.setLong(1, Times.toMicros(now));
        update.setLong(2, id);
        return update.executeUpdate() == 1;
      }
    });
  }

  private static List<Kept> read(PreparedStatement select) throws SQLException {
    List<Kept> alarms = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        SessionAlarm alarm = new SessionAlarm(
            SessionAlarm.Kind.valueOf(rows.getString(2).toUpperCase(Locale.ROOT)),
            rows.getString(3),
            rows.getString(4),
            rows.getString(5),
            addresses(rows.getString(6)),
            Times.ofMicros(rows.getLong(7)),
            Times.ofMicros(rows.getLong(8)),
            rows.getLong(9));
        alarms.add(new Kept(rows.getLong(1), alarm, Times.get(rows, 10)));
      }
    }
    return alarms;
  }

  private static List<String> addresses(String kept) {
    return kept.isEmpty() ? List.of() : List.of(kept.split(" "));
  }

  private static String nameOf(SessionAlarm.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
