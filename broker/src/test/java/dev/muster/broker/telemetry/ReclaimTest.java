/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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
        Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      // Else H2 leaves alone what is younger than three quarters of a minute.
      sql.execute("SET RETENTION_TIME 0");
      sql.execute(
          "CREATE TABLE newest (device INT PRIMARY KEY, changes INT, filling VARCHAR(999))");
      sql.execute("INSERT INTO newest SELECT x, 0, LPAD('', 300, 'x') FROM SYSTEM_RANGE(1, "
          + DEVICES + ")");
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
      try (ResultSet sum = sql.executeQuery("SELECT SUM(changes) FROM newest")) {
        sum.next();
        assertThat(sum.getInt(1)).isEqualTo(changes);
      }
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
