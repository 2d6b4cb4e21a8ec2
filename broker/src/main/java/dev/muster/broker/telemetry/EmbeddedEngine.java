/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.broker.StartFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.api.ErrorCode;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/** One H2 file, for one process at a time. */
final class EmbeddedEngine implements Engine {
  /** Percent of what is written that should be of use; below, there is room to make. */
  private static final int USEFUL = 50;

  /** So that who commits meanwhile waits for some tens of milliseconds. */
  private static final int REWRITTEN_AT_ONCE = 1024 * 1024;

  /** H2 closes a database that it cannot write: on a disk that is nearly full nothing is moved. */
  private static final long LEAST_ROOM = 64L * 1024 * 1024;

  private final String url;
  private final String shownAs;
  private final @Nullable Path file;

  private EmbeddedEngine(String url, String shownAs, @Nullable Path file) {
    this.url = url;
    this.shownAs = shownAs;
    this.file = file;
  }

  /** @throws StartFailedException if H2 would read something else into the name of the directory */
  static EmbeddedEngine in(Path directory) {
    Path base = directory.toAbsolutePath().resolve("telemetry");
    if (base.toString().indexOf(';') >= 0) {
      throw new StartFailedException("directory: " + directory + " (expected: no semicolon in it)");
    }
    PacedFiles.register();
    Path file = Path.of(base + ".mv.db");
    return new EmbeddedEngine("jdbc:h2:paced:" + base, file.toString(), file);
  }

  static EmbeddedEngine at(String url, String shownAs) {
    return new EmbeddedEngine(url, shownAs, null);
  }

  @Override
  public HikariConfig configuration() {
    HikariConfig config = new HikariConfig();
    // WRITE_DELAY=0: a commit is in the file system's hands; the writer then flushes it to the
    // disk.
    // DB_CLOSE_ON_EXIT: closing is ours, after the last message; H2's own hook would come first.
    // TRACE_LEVEL_FILE: H2's own log beside the database would hold statements with their values.
    // OPTIMIZE_REUSE_RESULTS: a result of EXISTS that is used again does not know of what the same
    // transaction wrote.
    config.setJdbcUrl(url
        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;DEFAULT_LOCK_TIMEOUT=10000;TRACE_LEVEL_FILE=0"
        + ";OPTIMIZE_REUSE_RESULTS=0");
    config.setUsername("sa");
    config.setPassword("");
    return config;
  }

  /** H2 creates its file as the umask says. */
  @Override
  public void check(Connection connection) {
    try {
      if (file != null && file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      }
    } catch (IOException e) {
      throw new StartFailedException(
          "telemetry database " + shownAs + " cannot be made private: " + e, e);
    }
  }

  /** H2 closes a database that it could not write, under all who have it open. */
  @Override
  public boolean answers(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      // Of a table: without one, H2 answers from a database that it has closed.
      return statement.execute("SELECT 1 FROM message WHERE id = 0");
    } catch (SQLException e) {
      return false;
    }
  }

  /**
   * H2 finds a database that is open by its name, and forgets the name whenever somebody uses a
   * connection to an earlier opening that it had to close. Then it wants to open the file once
   * more, and finds it locked by itself.
   */
  @Override
  public boolean isHeldByOurselves(SQLException problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql
          && sql.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1) {
        return true;
      }
    }
    return false;
  }

  /** H2's commit does not wait for the disk, whatever its write delay: measured. */
  @Override
  public void flush(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CHECKPOINT SYNC");
    }
  }

  /**
   * H2 writes what a commit touches in one piece, whose place is free when none of it is of use any
   * more: a page that stays keeps a megabyte. It writes such pages anew on a thread of its own,
   * which WRITE_DELAY=0 does away with.
   */
  @Override
  public boolean reclaim(Connection connection) throws SQLException {
    if (file != null && file.toFile().getUsableSpace() < LEAST_ROOM) {
      return false;
    }
    SessionLocal session =
        (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    MVStore store = session.getDatabase().getStore().getMvStore();
    boolean some = store.compact(USEFUL, REWRITTEN_AT_ONCE);
    if (some) {
      store.commit();
      // Before the places where the pages were are written over.
      store.sync();
    }
    return some;
  }

  /** H2 locks its file. */
  @Override
  public Claim claim() {
    return new Claim() {
      @Override
      public void renew() {}

      @Override
      public void close() {}
    };
  }

  @Override
  public String explain(Throwable problem) {
    return "telemetry database " + shownAs + " cannot be opened: " + Engine.rootMessage(problem)
        + " (is another broker running on this directory, or is the disk full or read-only?)";
  }
}
