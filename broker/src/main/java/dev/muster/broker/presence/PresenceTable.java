/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.state.Times;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Presence and connections in the database. */
final class PresenceTable {
  private static final int DELETED_AT_ONCE = 1_000;

  private final Connection connection;

  PresenceTable(Connection connection) {
    this.connection = connection;
  }

  Map<DeviceId, Presence> all() throws SQLException {
    Map<DeviceId, Presence> all = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(
            "SELECT fleet, online, since_us, reason, device FROM presence")) {
      while (rows.next()) {
        all.put(new DeviceId(rows.getString(5)), presence(rows));
      }
    }
    return all;
  }

  Optional<Presence> find(DeviceId device) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(
        "SELECT fleet, online, since_us, reason FROM presence WHERE device=?")) {
      select.setString(1, device.value());
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(presence(rows)) : Optional.empty();
      }
    }
  }

  long count() throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT COUNT(*) FROM presence");
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  Map<DeviceId, Presence> list(List<String> fleets, boolean online, String after, int limit)
      throws SQLException {
    Map<DeviceId, Presence> found = new LinkedHashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement("SELECT fleet, online, since_us, reason, device FROM presence"
            + " WHERE online=? AND device>?"
            + TelemetryDatabase.within(fleets)
            + " ORDER BY device LIMIT ?")) {
      select.setBoolean(1, online);
      select.setString(2, after);
      int next = 3;
      for (String fleet : fleets) {
        select.setString(next++, fleet);
      }
      select.setInt(next, limit);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.put(new DeviceId(rows.getString(5)), presence(rows));
        }
      }
    }
    return found;
  }

  /** How many devices of some fleets are there, or not. */
  long count(List<String> fleets, boolean online) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(
        "SELECT COUNT(*) FROM presence WHERE online=?" + TelemetryDatabase.within(fleets))) {
      select.setBoolean(1, online);
      int next = 2;
      for (String fleet : fleets) {
        select.setString(next++, fleet);
      }
      try (ResultSet rows = select.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  private static Presence presence(ResultSet rows) throws SQLException {
    return new Presence(
        new FleetName(rows.getString(1)),
        rows.getBoolean(2),
        Times.ofMicros(rows.getLong(3)),
        rows.getString(4));
  }

  void save(DeviceId device, Presence presence) throws SQLException {
    int updated = write(
        "UPDATE presence SET fleet=?, online=?, since_us=?, reason=? WHERE device=?",
        device,
        presence);
    if (updated == 0) {
      write(
          "INSERT INTO presence (fleet, online, since_us, reason, device) VALUES (?,?,?,?,?)",
          device,
          presence);
    }
  }

  private int write(String sql, DeviceId device, Presence presence) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, presence.fleet().value());
      statement.setBoolean(2, presence.online());
      statement.setLong(3, Times.toMicros(presence.since()));
      statement.setString(4, presence.reason());
      statement.setString(5, device.value());
      return statement.executeUpdate();
    }
  }

  long maxConnection() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT COALESCE(MAX(id), 0) FROM device_connection")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  void open(long id, ClientSession session) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO device_connection (id, device, connected_us, address, mqtt, tls, cipher,"
            + " certificate) VALUES (?,?,?,?,?,?,?,?)")) {
      insert.setLong(1, id);
      insert.setString(2, session.subject().commonName());
      insert.setLong(3, Times.toMicros(session.connection().since()));
      insert.setString(4, session.connection().address());
      insert.setString(5, session.connection().mqttVersion());
      insert.setString(6, session.connection().tls().protocol());
      insert.setString(7, session.connection().tls().cipher());
      insert.setString(8, session.credential().serialText());
      insert.executeUpdate();
    }
  }

  void close(long id, Instant at, String reason) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE device_connection SET disconnected_us=?, reason=? WHERE id=?")) {
      update.setLong(1, Times.toMicros(at));
      update.setString(2, reason);
      update.setLong(3, id);
      update.executeUpdate();
    }
  }

  /** Ends whatever is noted as there. */
  void closeAll(Instant at, String reason) throws SQLException {
    for (String sql : List.of(
        "UPDATE device_connection SET disconnected_us=?, reason=? WHERE disconnected_us IS NULL",
        "UPDATE presence SET since_us=?, reason=?, online=FALSE WHERE online=TRUE")) {
      try (PreparedStatement update = connection.prepareStatement(sql)) {
        update.setLong(1, Times.toMicros(at));
        update.setString(2, reason);
        update.executeUpdate();
      }
    }
  }

  /** Those before an id, the newest first. */
  List<DeviceConnection> list(DeviceId device, long before, int limit) throws SQLException {
    List<DeviceConnection> found = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(
        "SELECT id, connected_us, disconnected_us, reason, address, mqtt, tls, cipher, certificate"
            + " FROM device_connection WHERE device=? AND id<?"
            + " ORDER BY device DESC, id DESC LIMIT ?")) {
      select.setString(1, device.value());
      select.setLong(2, before);
      select.setInt(3, limit);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.add(new DeviceConnection(
              rows.getLong(1),
              Times.ofMicros(rows.getLong(2)),
              Times.get(rows, 3),
              rows.getString(4),
              rows.getString(5),
              rows.getString(6),
              rows.getString(7),
              rows.getString(8),
              rows.getString(9)));
        }
      }
    }
    return found;
  }

  /** Forgets all of a device but the newest. */
  void keepNewest(DeviceId device, int number) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM device_connection WHERE device=? AND id<="
            + "(SELECT id FROM device_connection WHERE device=?"
            + " ORDER BY device DESC, id DESC LIMIT 1 OFFSET ?)")) {
      delete.setString(1, device.value());
      delete.setString(2, device.value());
      delete.setInt(3, number);
      delete.executeUpdate();
    }
  }

  /** Forgets some that began before a time. @return whether there may be more */
  boolean forgetBefore(Instant time) throws SQLException {
    // One by one: H2 would ask for all of them anew at each row that it deletes.
    List<Long> some = endedBefore(time);
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM device_connection WHERE id=?")) {
      for (long id : some) {
        delete.setLong(1, id);
        delete.addBatch();
      }
      delete.executeBatch();
    }
    return some.size() == DELETED_AT_ONCE;
  }

  private List<Long> endedBefore(Instant time) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT id FROM device_connection"
        + " WHERE connected_us<? AND disconnected_us IS NOT NULL LIMIT ?")) {
      select.setLong(1, Times.toMicros(time));
      select.setInt(2, DELETED_AT_ONCE);
      List<Long> ids = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          ids.add(rows.getLong(1));
        }
      }
      return ids;
    }
  }
}
