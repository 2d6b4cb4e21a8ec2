/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.broker.state.StrictJson;
import dev.muster.broker.state.Times;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The commands in the database. */
final class CommandTable {
  private static final String SELECT = "SELECT id, device, name, payload, state, created_us,"
      + " deadline_us, sent_us, ended_us, result_status, result, result_detail, result_us"
      + " FROM command ";
  private static final String FIND = SELECT + "WHERE id=?";
  private static final String OPEN = SELECT
      + "WHERE device=? AND state IN ('queued','sent') AND deadline_us>? ORDER BY device, id";
  /** The newest first. */
  private static final String LIST =
      SELECT + "WHERE device=? AND id<? ORDER BY device DESC, id DESC LIMIT ?";

  private static final String COUNT_OPEN = "SELECT COUNT(*) FROM command"
      + " WHERE device=? AND state IN ('queued','sent') AND deadline_us>?";
  private static final String INSERT = "INSERT INTO command (id, device, name, payload, state,"
      + " created_us, deadline_us) VALUES (?,?,?,?,?,?,?)";
  private static final String SENT =
      "UPDATE command SET state='sent', sent_us=? WHERE id=? AND state='queued'";
  private static final String END = "UPDATE command SET state=?, ended_us=? WHERE id=?";
  private static final String RESULT =
      "UPDATE command SET result_status=?, result=?, result_detail=?, result_us=? WHERE id=?";
  private static final String EXPIRE = "UPDATE command SET state='expired', ended_us=deadline_us"
      + " WHERE state IN ('queued','sent') AND deadline_us<=?";
  private static final String DUE =
      "SELECT 1 FROM command" + " WHERE state IN ('queued','sent') AND deadline_us<=? LIMIT 1";
  private static final String FORGET =
      "DELETE FROM command WHERE device=? AND id<?" + " AND state NOT IN ('queued','sent')";

  private final Connection connection;

  CommandTable(Connection connection) {
    this.connection = connection;
  }

  Optional<Command> find(String id) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FIND)) {
      select.setString(1, id);
      return read(select).stream().findFirst();
    }
  }

  /** Those whose deadline lies ahead, the oldest first. */
  List<Command> open(DeviceId device, Instant now) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(OPEN)) {
      select.setString(1, device.value());
      select.setLong(2, Times.toMicros(now));
      return read(select);
    }
  }

  /** Those before an id, the newest first. */
  List<Command> list(DeviceId device, String before, int limit) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LIST)) {
      select.setString(1, device.value());
      select.setString(2, before);
      select.setInt(3, limit);
      return read(select);
    }
  }

  int countOpen(DeviceId device, Instant now) throws SQLException {
    try (PreparedStatement count = connection.prepareStatement(COUNT_OPEN)) {
      count.setString(1, device.value());
      count.setLong(2, Times.toMicros(now));
      try (ResultSet rows = count.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }

  void insert(Command command) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setString(1, command.id());
      insert.setString(2, command.device().value());
      insert.setString(3, command.name());
      insert.setString(4, text(command.payload()));
      insert.setString(5, CommandMessages.nameOf(command.state()));
      insert.setLong(6, Times.toMicros(command.createdAt()));
      insert.setLong(7, Times.toMicros(command.deadline()));
      insert.executeUpdate();
    }
  }

  void sent(String id, Instant at) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SENT)) {
      update.setLong(1, Times.toMicros(at));
      update.setString(2, id);
      update.executeUpdate();
    }
  }

  void end(String id, Command.State state, Instant at) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(END)) {
      update.setString(1, CommandMessages.nameOf(state));
      update.setLong(2, Times.toMicros(at));
      update.setString(3, id);
      update.executeUpdate();
    }
  }

  void result(String id, Command.Result result) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(RESULT)) {
      update.setString(1, CommandMessages.nameOf(result.status()));
      update.setString(2, text(result.payload()));
      update.setString(3, result.detail());
      update.setLong(4, Times.toMicros(result.at()));
      update.setString(5, id);
      update.executeUpdate();
    }
  }

  boolean hasDue(Instant now) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(DUE)) {
      select.setLong(1, Times.toMicros(now));
      try (ResultSet rows = select.executeQuery()) {
        return rows.next();
      }
    }
  }

  int expire(Instant now) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(EXPIRE)) {
      update.setLong(1, Times.toMicros(now));
      return update.executeUpdate();
    }
  }

  /** Deletes ended ones of a device but for the newest. */
  void keepNewest(DeviceId device, int number) throws SQLException {
    String first;
    try (PreparedStatement select = connection.prepareStatement(
        "SELECT id FROM command WHERE device=? ORDER BY device DESC, id DESC LIMIT 1 OFFSET ?")) {
      select.setString(1, device.value());
      select.setInt(2, number - 1);
      try (ResultSet rows = select.executeQuery()) {
        if (!rows.next()) {
          return;
        }
        first = rows.getString(1);
      }
    }
    try (PreparedStatement delete = connection.prepareStatement(FORGET)) {
      delete.setString(1, device.value());
      delete.setString(2, first);
      delete.executeUpdate();
    }
  }

  private static List<Command> read(PreparedStatement select) throws SQLException {
    List<Command> commands = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        commands.add(new Command(
            rows.getString(1),
            new DeviceId(rows.getString(2)),
            rows.getString(3),
            json(rows.getString(4)),
            Command.State.valueOf(rows.getString(5).toUpperCase(Locale.ROOT)),
            Times.ofMicros(rows.getLong(6)),
            Times.ofMicros(rows.getLong(7)),
            Times.get(rows, 8),
            Times.get(rows, 9),
            resultOf(rows)));
      }
    }
    return commands;
  }

  private static Command.@Nullable Result resultOf(ResultSet rows) throws SQLException {
    Instant at = Times.get(rows, 13);
    if (at == null) {
      return null;
    }
    return new Command.Result(
        Command.Status.valueOf(rows.getString(10).toUpperCase(Locale.ROOT)),
        json(rows.getString(11)),
        rows.getString(12),
        at);
  }

  private static @Nullable String text(@Nullable JsonNode value) {
    return value == null ? null : value.toString();
  }

  private static @Nullable JsonNode json(@Nullable String text) {
    return text == null ? null : StrictJson.stored(text);
  }
}
