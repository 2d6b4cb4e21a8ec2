/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.jdbi.v3.core.JdbiException;
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
          .isInstanceOf(JdbiException.class);
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
