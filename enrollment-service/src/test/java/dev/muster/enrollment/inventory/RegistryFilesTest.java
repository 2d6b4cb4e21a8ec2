/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryFilesTest {
  @Test
  void foldersMade_areTheOwnersAlone_andThereIsNoTrace(@TempDir Path folder) throws IOException {
    Path database = folder.resolve("made").resolve("below");
    try (Registry registry = Registry.open(database)) {
      for (int i = 0; i < 2; i++) {
        try {
          // Fails the second time; H2 would write that to its trace file.
          registry.commit(tables -> {
            tables
                .crls()
                .insert("device", 1, java.time.Instant.EPOCH, java.time.Instant.EPOCH, new byte[1]);
            return 1;
          });
        } catch (org.jdbi.v3.core.JdbiException e) {
          assertThat(i).isEqualTo(1);
        }
      }
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
}
