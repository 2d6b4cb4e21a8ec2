/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.muster.broker.StartFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** The database of the telemetry: one H2 file. */
public final class TelemetryDatabase implements AutoCloseable {
  private static final int CONNECTIONS = 6;
  private static final int QUERY_SECONDS = 10;

  private final HikariDataSource dataSource;

  private TelemetryDatabase(HikariDataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Opens or creates the database; blocks.
   *
   * @throws StartFailedException if it cannot be used; says why
   */
  public static TelemetryDatabase open(Path directory) {
    Path file = directory.toAbsolutePath().resolve("telemetry");
    if (file.toString().indexOf(';') >= 0) {
      throw new StartFailedException("directory: " + directory + " (expected: no semicolon in it)");
    }
    TelemetryDatabase database = openUrl("jdbc:h2:file:" + file, file + ".mv.db");
    try {
      keepPrivate(Path.of(file + ".mv.db"));
      return database;
    } catch (IOException e) {
      database.close();
      throw new StartFailedException(
          "telemetry database " + file + ".mv.db cannot be made private: " + e, e);
    }
  }

  /** H2 creates its file as the umask says. */
  private static void keepPrivate(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
  }

  static TelemetryDatabase openUrl(String url, String shownAs) {
    HikariConfig config = new HikariConfig();
    // WRITE_DELAY=0: a commit is in the file system's hands; the writer then flushes it to the
    // disk.
    // DB_CLOSE_ON_EXIT: closing is ours, after the last message; H2's own hook would come first.
    // TRACE_LEVEL_FILE: H2's own log beside the database would hold statements with their values.
    config.setJdbcUrl(url
        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;DEFAULT_LOCK_TIMEOUT=10000;TRACE_LEVEL_FILE=0");
    config.setUsername("sa");
    config.setPassword("");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(5_000);
    config.setPoolName("muster-telemetry");
    HikariDataSource dataSource = null;
    try {
      dataSource = new HikariDataSource(config);
      Flyway.configure()
          .dataSource(dataSource)
          .locations("classpath:dev/muster/broker/migrations")
          .load()
          .migrate();
      return new TelemetryDatabase(dataSource);
    } catch (FlywayException | com.zaxxer.hikari.pool.HikariPool.PoolInitializationException e) {
      if (dataSource != null) {
        dataSource.close();
      }
      throw new StartFailedException(
          "telemetry database " + shownAs + " cannot be opened: " + firstLine(rootOf(e))
              + " (is another broker running on this directory, or is the disk full or read-only?)",
          e);
    }
  }

  /** A connection of the pool; blocks, at most 5 s. */
  public Connection connect() throws SQLException {
    return dataSource.getConnection();
  }

  /** Closes a connection that has failed, and the idle ones with it: they share its fate. */
  public void discard(Connection connection) {
    dataSource.evictConnection(connection);
    dataSource.getHikariPoolMXBean().softEvictConnections();
  }

  static int queryTimeoutSeconds() {
    return QUERY_SECONDS;
  }

  @Override
  public void close() {
    dataSource.close();
  }

  private static Throwable rootOf(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage())
        .lines()
        .findFirst()
        .orElse(e.toString())
        .strip();
  }
}
