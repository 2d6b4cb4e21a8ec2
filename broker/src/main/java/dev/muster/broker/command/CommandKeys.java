/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import dev.muster.broker.state.Times;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Which request has made which command, for a day. */
final class CommandKeys {
  private static final Duration KEPT = Duration.ofDays(1);

  private static final String FIND =
      "SELECT request, command FROM command_key WHERE id=? AND kept_us>?";
  private static final String INSERT =
      "INSERT INTO command_key (id, request, command, kept_us) VALUES (?,?,?,?)";
  private static final String FORGET = "DELETE FROM command_key WHERE kept_us<=?";

  private final Connection connection;

  CommandKeys(Connection connection) {
    this.connection = connection;
  }

  /** A request that was made before. @param command the id of the one it has made */
  record Before(String request, String command) {}

  Optional<Before> find(CommandRequest request, Instant now) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FIND)) {
      select.setString(1, request.keyId());
      select.setLong(2, Times.toMicros(now.minus(KEPT)));
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? Optional.of(new Before(rows.getString(1), rows.getString(2)))
            : Optional.empty();
      }
    }
  }

  /** Keeps one, and forgets those that are a day old. */
  void keep(CommandRequest request, Command command) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(FORGET);
        PreparedStatement insert = connection.prepareStatement(INSERT)) {
      delete.setLong(1, Times.toMicros(command.createdAt().minus(KEPT)));
      delete.executeUpdate();
      insert.setString(1, request.keyId());
      insert.setString(2, request.digest());
      insert.setString(3, command.id());
      insert.setLong(4, Times.toMicros(command.createdAt()));
      insert.executeUpdate();
    }
  }
}
