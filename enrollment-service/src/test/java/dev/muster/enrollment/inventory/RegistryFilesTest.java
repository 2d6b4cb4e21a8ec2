/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.stream.Stream;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.FileStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryFilesTest {
  @Test
  void foldersMade_areTheOwnersAlone_andThereIsNoTrace(@TempDir Path folder) throws IOException {
    Path database = folder.resolve("made").resolve("below");
    try (Registry registry = Registry.open(new StorageConfig(database))) {
      // H2 would write an error like this one to its trace file.
      assertThatThrownBy(() -> registry.commit(tables -> {
            return tables.crls().nextNumber("x".repeat(99), 1);
          }))
          .isInstanceOf(SqlFailedException.class);
      for (Path made : new Path[] {folder.resolve("made"), database}) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
            .isEqualTo("rwx------");
      }
      try (Stream<Path> files = Files.list(database)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .noneMatch(name -> name.contains("trace"));
      }
    }
  }

  /**
   * A copy of the file is what a kill would leave of it. Each session begins where the one before
   * has closed and so compacted the file, and writes into its holes; and writes anew what stands
   * among what is of no use any more.
   */
  @Test
  void commit_wheneverTheProcessIsKilled_isFoundAgain(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("copy"));
    Path file = folder.resolve("registry.mv.db");
    Path copy = folder.resolve("copy").resolve("registry.mv.db");
    int written = 0;
    for (int session = 0; session < 12; session++) {
      try (Registry registry = Registry.open(new StorageConfig(folder))) {
        takesNothingForYoung(folder);
        for (int commit = 0; commit < 4; commit++) {
          int rows = commit == 0 ? 1 : 1 + (7 * session + 11 * commit) % 30;
          registry.commit(tables -> append(tables, rows));
          written += rows;
          registry.reclaim();
          Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
          assertThat(entries(copy)).as("session %d, commit %d", session, commit).isEqualTo(written);
        }
      }
    }
  }

  /** As until when devices were seen: each commit touches a few, all over the table. */
  @Test
  void room_isMadeInAFile_ofWhichLittleIsOfUse(@TempDir Path folder) throws Exception {
    try (Registry registry = Registry.open(new StorageConfig(folder));
        Connection same = beside(folder);
        Statement sql = same.createStatement()) {
      takesNothingForYoung(folder);
      sql.execute("CREATE TABLE seen (device INT PRIMARY KEY, times INT, filling VARCHAR(999))");
      sql.execute("INSERT INTO seen SELECT x, 0, LPAD('', 300, 'x') FROM SYSTEM_RANGE(1, 2000)");
      int times = 0;
      for (int commit = 0; commit < 300; commit++) {
        // Some that lie apart, others each time.
        times += sql.executeUpdate("UPDATE seen SET times = times + 1 WHERE MOD(device * "
            + (37 * commit + 11) + ", 2003) < 10");
      }
      assertThat(useful(same)).isLessThan(30);
      while (registry.reclaim()) {
        // A little more.
      }
      assertThat(useful(same)).isGreaterThanOrEqualTo(45);
      try (ResultSet sum = sql.executeQuery("SELECT SUM(times) FROM seen")) {
        sum.next();
        assertThat(sum.getInt(1)).isEqualTo(times);
      }
    }
  }

  /** What the next group has changed so far is written when it is committed, and not before. */
  @Test
  void flush_writesNothing_andTellsOfADatabaseThatIsClosed(@TempDir Path folder) throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.open(folder);
    String url = database.configuration().getJdbcUrl();
    try (Connection next = DriverManager.getConnection(url, "sa", "");
        Statement sql = next.createStatement();
        Sql flushing = Sql.open(() -> DriverManager.getConnection(url, "sa", ""))) {
      sql.execute("CREATE TABLE seen (device INT PRIMARY KEY)");
      next.setAutoCommit(false);
      sql.execute("INSERT INTO seen VALUES (1)");
      long before = files(next).getWriteCount();
      database.flush(() -> flushing);
      assertThat(files(next).getWriteCount()).isEqualTo(before);
      next.commit();
      assertThat(files(next).getWriteCount()).isGreaterThan(before);

      sql.execute("SHUTDOWN IMMEDIATELY");
      assertThatThrownBy(() -> database.flush(() -> flushing))
          .isInstanceOf(SqlFailedException.class)
          .matches(database::isClosedUnderUs);
    } finally {
      database.close();
    }
  }

  /** H2 leaves alone what is younger than three quarters of a minute, else. */
  private static void takesNothingForYoung(Path folder) throws SQLException {
    try (Connection same = beside(folder);
        Statement sql = same.createStatement()) {
      sql.execute("SET RETENTION_TIME 0");
    }
  }

  /** Percent of what stands in the file. */
  private static int useful(Connection connection) throws SQLException {
    return files(connection).getChunksFillRate();
  }

  private static FileStore<?> files(Connection connection) throws SQLException {
    SessionLocal session =
        (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    return session.getDatabase().getStore().getMvStore().getFileStore();
  }

  /** A connection to what this process has open. */
  private static Connection beside(Path folder) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:h2:file:" + folder.resolve("registry") + ";IFEXISTS=TRUE", "sa", "");
  }

  private static int append(Registry.Tables tables, int rows) {
    for (int i = 0; i < rows; i++) {
      AuditEvent event = AuditEvent.of(Actor.SYSTEM, "test.happened", "test:" + i)
          .with("filling", "x".repeat(900));
      tables.audit().append(event, Instant.EPOCH);
    }
    return rows;
  }

  private static int entries(Path file) throws SQLException {
    String url = "jdbc:h2:file:" + file.toString().replace(".mv.db", "") + ";TRACE_LEVEL_FILE=0";
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT COUNT(*) FROM audit_entry")) {
      count.next();
      return count.getInt(1);
    }
  }
}
