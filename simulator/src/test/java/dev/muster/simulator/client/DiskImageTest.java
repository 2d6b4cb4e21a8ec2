/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskImageTest {
  @TempDir
  Path home;

  private Path disk;

  @BeforeEach
  void write() throws IOException {
    disk = Files.createDirectories(home.resolve("disk"));
    Files.createDirectories(disk.resolve("journal"));
    Files.writeString(disk.resolve("journal/1.log"), "one");
    Files.writeString(disk.resolve("key"), "k");
  }

  @Test
  void putBack_whateverWasWrittenSince_isAsItWas() throws IOException {
    try (DiskImage image = DiskImage.of(disk)) {
      Files.writeString(disk.resolve("journal/1.log"), "one and two");
      Files.writeString(disk.resolve("journal/2.log"), "three");
      Files.delete(disk.resolve("key"));
      image.putBack();
    }
    assertThat(disk.resolve("journal/1.log")).hasContent("one");
    assertThat(disk.resolve("journal/2.log")).doesNotExist();
    assertThat(disk.resolve("key")).hasContent("k");
    assertThat(home).isDirectoryNotContaining(path -> !path.equals(disk));
  }

  @Test
  void close_notPutBack_leavesTheFolderAlone_andNothingBesideIt() throws IOException {
    try (DiskImage image = DiskImage.of(disk)) {
      assertThat(image).isNotNull();
      Files.writeString(disk.resolve("journal/1.log"), "one and two");
    }
    assertThat(disk.resolve("journal/1.log")).hasContent("one and two");
    assertThat(home).isDirectoryNotContaining(path -> !path.equals(disk));
  }

  @Test
  void of_whereAnotherProgramWasKilledMeanwhile_beginsAnew() throws IOException {
    for (String left : new String[] {"disk.image", "disk.gone"}) {
      Files.createDirectories(home.resolve(left));
      Files.writeString(home.resolve(left).resolve("old"), "old");
    }
    try (DiskImage image = DiskImage.of(disk)) {
      image.putBack();
    }
    assertThat(disk.resolve("old")).doesNotExist();
    assertThat(disk.resolve("key")).hasContent("k");
    assertThat(home).isDirectoryNotContaining(path -> !path.equals(disk));
  }
}
