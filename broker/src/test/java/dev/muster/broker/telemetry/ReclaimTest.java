/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReclaimTest {
  private static final int DEVICES = 2_000;

  @TempDir
  Path folder;

  /** As the newest values of a fleet, of which each commit touches a few, all over the table. */
  @Test
  void room_isMadeInAFile_ofWhichLittleIsOfUse() throws Exception {
    try (TelemetryDatabase database = TelemetryDatabase.open(folder);
        Connection connection = database.connect()) {
      fill(connection);
      Random random = new Random(1);
      int changes = 0;
      for (int commit = 0; commit < 300; commit++) {
        changes += change(connection, random);
      }
      assertThat(useful(connection)).isLessThan(30);
      while (database.reclaim()) {
        // A little more.
      }
      assertThat(useful(connection)).isGreaterThanOrEqualTo(45);
      assertThat(changes(connection)).isEqualTo(changes);
    }
  }

  /** A copy of the file is what a kill would leave of it. */
  @Test
  void commit_wheneverTheProcessIsKilled_isFoundAgain() throws Exception {
    Path file = folder.resolve("telemetry.mv.db");
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("telemetry.mv.db");
    try (TelemetryDatabase database = TelemetryDatabase.open(folder);
        Connection connection = database.connect()) {
      fill(connection);
      Random random = new Random(2);
      int changes = 0;
      boolean reclaimed = false;
      for (int commit = 0; commit < 40; commit++) {
        changes += change(connection, random);
        reclaimed |= database.reclaim();
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        assertThat(changesIn(copy.getParent())).as("commit %d", commit).isEqualTo(changes);
      }
      assertThat(reclaimed).isTrue();
    }
  }

  private static int changesIn(Path folder) throws SQLException {
    try (TelemetryDatabase database = TelemetryDatabase.open(folder);
        Connection connection = database.connect()) {
      return changes(connection);
    }
  }

  private static void fill(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      // Else H2 leaves alone what is younger than three quarters of a minute.
      sql.execute("SET RETENTION_TIME 0");
      sql.execute(
          "CREATE TABLE newest (device INT PRIMARY KEY, changes INT, filling VARCHAR(999))");
      sql.execute("INSERT INTO newest SELECT x, 0, LPAD('', 300, 'x') FROM SYSTEM_RANGE(1, "
          + DEVICES + ")");
    }
  }

  private static int changes(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet sum = sql.executeQuery("SELECT SUM(changes) FROM newest")) {
      sum.next();
      return sum.getInt(1);
    }
  }

  private static int change(Connection connection, Random random) throws SQLException {
    connection.setAutoCommit(false);
    int changes = 0;
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE newest SET changes = changes + 1 WHERE device = ?")) {
      for (int i = 0; i < 10; i++) {
        update.setInt(1, 1 + random.nextInt(DEVICES));
        changes += update.executeUpdate();
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
    return changes;
  }

  /** Percent of what stands in the file. */
  private static int useful(Connection connection) throws SQLException {
    SessionLocal session =
        (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    return session.getDatabase().getStore().getMvStore().getFileStore().getChunksFillRate();
  }
}
