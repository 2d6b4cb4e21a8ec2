/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
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
   * has closed and so compacted the file, and writes into its holes.
   */
  @Test
  void commit_wheneverTheProcessIsKilled_isFoundAgain(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("copy"));
    Path file = folder.resolve("registry.mv.db");
    Path copy = folder.resolve("copy").resolve("registry.mv.db");
    int written = 0;
    for (int session = 0; session < 12; session++) {
      try (Registry registry = Registry.open(new StorageConfig(folder))) {
        for (int commit = 0; commit < 4; commit++) {
          int rows = commit == 0 ? 1 : 1 + (7 * session + 11 * commit) % 30;
          registry.commit(tables -> append(tables, rows));
          written += rows;
          Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
          assertThat(entries(copy)).as("session %d, commit %d", session, commit).isEqualTo(written);
        }
      }
    }
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
