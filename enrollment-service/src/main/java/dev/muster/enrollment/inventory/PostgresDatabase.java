/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.enrollment.sql.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Locale;
import java.util.function.Supplier;

/** A PostgreSQL server, which several enrollment services may share. */
final class PostgresDatabase implements Database {
  private final StorageConfig.Server server;
  private final String password;

  private PostgresDatabase(StorageConfig.Server server, String password) {
    this.server = server;
    this.password = password;
  }

  /** @throws RegistryUnavailableException if the password cannot be read */
  static PostgresDatabase open(StorageConfig.Server server) {
    try {
      String password = server.passwordFile() == null
          ? ""
          : Files.readString(server.passwordFile()).strip();
      return new PostgresDatabase(server, password);
    } catch (IOException e) {
      throw new RegistryUnavailableException(
          "database.passwordFile: " + server.passwordFile()
              + " cannot be read (expected: a file that holds the password alone)",
          e);
    }
  }

  @Override
  public String dialect() {
    return "postgresql";
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
    config.addDataSourceProperty("tcpKeepAlive", "true");
    // Said by each session, so that a server tuned to forget cannot make us promise too much; and
    // one whose other end has vanished must not hold what all others wait for.
    config.setConnectionInitSql(
        "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '30s'");
    return config;
  }

  /** The commit has done it. */
  @Override
  public void flush(Supplier<Sql> connection) {}

  @Override
  public String explain(Throwable problem) {
    String state = SqlError.of(problem).state().toUpperCase(Locale.ROOT);
    String place = "database.url: " + server.url();
    if (state.startsWith("28")) {
      return place + ": user \"" + server.user()
          + "\" refused (expected: the right database.user and database.passwordFile)";
    }
    if (state.startsWith("08")) {
      return place + ": out of reach (" + Database.rootMessage(problem)
          + "; expected: a running PostgreSQL server)";
    }
    return place + ": cannot be used: " + Database.rootMessage(problem);
  }

  @Override
  public void close() {}
}
