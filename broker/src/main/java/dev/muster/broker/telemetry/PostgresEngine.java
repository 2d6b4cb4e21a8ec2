/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.broker.StartFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** A database on a PostgreSQL server. */
final class PostgresEngine implements Engine {
  /** Of ours alone, by chance. */
  private static final long LOCK = 0x6d75_7374_6572_0001L;

  private static final String IN_USE =
      "in use by another broker (expected: a database for each broker; that of a machine that was"
          + " lost is let go within half a minute)";
  private static final int VALID_SECONDS = 2;

  private final TelemetryStorage.Server server;
  private final String password;

  private PostgresEngine(TelemetryStorage.Server server, String password) {
    this.server = server;
    this.password = password;
  }

  /** @throws StartFailedException if the password cannot be read */
  static PostgresEngine of(TelemetryStorage.Server server) {
    try {
      return new PostgresEngine(
          server,
          server.passwordFile() == null
              ? ""
              : Files.readString(server.passwordFile()).strip());
    } catch (IOException e) {
      throw new StartFailedException(
          "telemetry.database.passwordFile: " + server.passwordFile()
              + " cannot be read (expected: a file that holds the password alone)",
          e);
    }
  }

  @Override
  public HikariConfig configuration() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(server.url());
    config.setUsername(server.user());
    config.setPassword(password);
    // After a few runs the server keeps the plan of a statement.
    config.addDataSourceProperty("prepareThreshold", "3");
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    // Said by each session, so that a server tuned to forget cannot make us promise too much.
    config.setConnectionInitSql("SET synchronous_commit = on");
    return config;
  }

  /** Our session asks for a commit that waits for the disk; only the server can spoil that. */
  @Override
  public void check(Connection connection) throws SQLException {
    for (String setting : new String[] {"fsync", "synchronous_commit"}) {
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SHOW " + setting)) {
        rows.next();
        if (!rows.getString(1).equals("on")) {
          throw new StartFailedException(
              "telemetry.database.url: " + server.url() + ": the server's "
                  + setting + " is " + rows.getString(1)
                  + " (expected: on; else what is acknowledged could be lost)");
        }
      }
    }
  }

  /** The pool asks for itself; a query for each query would be a round trip for nothing. */
  @Override
  public boolean answers(Connection connection) {
    return true;
  }

  /** The commit has done it. */
  @Override
  public void flush(Connection connection) {}

  /** An advisory lock, which goes with its connection: also when this process is killed. */
  @Override
  public Claim claim() throws SQLException {
    Connection locked = lock();
    if (locked == null) {
      throw new StartFailedException("telemetry.database.url: " + server.url() + ": " + IN_USE);
    }
    return new Lock(locked);
  }

  private final class Lock implements Claim {
    private @Nullable Connection held;

    Lock(Connection held) {
      this.held = held;
    }

    @Override
    public synchronized void renew() throws SQLException {
      if (held != null && held.isValid(VALID_SECONDS)) {
        return;
      }
      close();
      held = lock();
      if (held == null) {
        throw new SQLException(server.url() + ": " + IN_USE);
      }
    }

    @Override
    public synchronized void close() throws SQLException {
      if (held != null) {
        held.close();
        held = null;
      }
    }
  }

  /** @return a connection that holds the lock; null if another has it */
  private @Nullable Connection lock() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", server.user());
    properties.setProperty("password", password);
    properties.setProperty("tcpKeepAlive", "true");
    Connection connection = DriverManager.getConnection(server.url(), properties);
    try (Statement statement = connection.createStatement()) {
      // Else the server would keep the lock of a machine that is gone for two hours.
      statement.execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
          + " SET tcp_keepalives_count = 3");
      try (ResultSet rows = statement.executeQuery("SELECT pg_try_advisory_lock(" + LOCK + ")")) {
        rows.next();
        if (rows.getBoolean(1)) {
          return connection;
        }
      }
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    connection.close();
    return null;
  }

  @Override
  public String explain(Throwable problem) {
    String state = stateOf(problem);
    String place = "telemetry.database.url: " + server.url();
    if (state.startsWith("28")) {
      return place + ": user \"" + server.user()
          + "\" refused (expected: the right telemetry.database.user and telemetry.database.passwordFile)";
    }
    if (state.startsWith("08")) {
      return place + ": out of reach (" + Engine.rootMessage(problem)
          + "; expected: a running PostgreSQL server)";
    }
    return place + ": cannot be used: " + Engine.rootMessage(problem)
        + " (expected: a database of its own)";
  }

  private static String stateOf(@Nullable Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }
}
