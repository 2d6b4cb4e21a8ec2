/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.PowerCutDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DurableFilesTest {
  @TempDir
  Path folder;

  @Test
  void write_newAndAgain_isForTheOwnerAlone() throws Exception {
    Path file = folder.resolve("secret");
    DurableFiles.write(file, "one");
    DurableFiles.writePublic(file, "readable");
    assertThat(permissions(file)).isEqualTo("rw-r--r--");
    DurableFiles.write(file, "two");
    assertThat(file).hasContent("two");
    assertThat(permissions(file)).isEqualTo("rw-------");
    assertThat(folder).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void write_whatACrashLeftBeside_isOverwritten() throws Exception {
    Files.writeString(folder.resolve("file.new"), "half of something that all can read");
    DurableFiles.write(folder.resolve("file"), "whole");
    assertThat(folder.resolve("file")).hasContent("whole");
    assertThat(permissions(folder.resolve("file"))).isEqualTo("rw-------");
  }

  @Test
  void write_thatFails_leavesWhatWasThere() throws Exception {
    Path file = Files.createDirectories(folder.resolve("file/full")).getParent();
    assertThatThrownBy(() -> DurableFiles.write(file, "x")).isInstanceOf(IOException.class);
    assertThat(file.resolve("full")).isDirectory();
  }

  @Test
  void write_powerCutAfterIt_isThereInItsNewFolder() throws Exception {
    PowerCutDisk disk = new PowerCutDisk(folder);
    Path made = disk.root().resolve("a/b");
    DurableFiles.createFolder(made);
    DurableFiles.write(made.resolve("file"), "one");
    DurableFiles.write(made.resolve("file"), "two");
    Files.writeString(made.resolve("other"), "not flushed");

    disk.cutPower();

    assertThat(folder.resolve("a/b/file")).hasContent("two");
    assertThat(folder.resolve("a/b")).isDirectoryNotContaining("glob:**other");
  }

  @Test
  void createFolder_newOrThere_isTheOwnersAlone() throws Exception {
    Path made = folder.resolve("a/b");
    DurableFiles.createFolder(made);
    DurableFiles.createFolder(made);
    assertThat(permissions(made)).isEqualTo("rwx------");
    assertThat(permissions(made.getParent())).isEqualTo("rwx------");
  }

  @Test
  void createFolder_aFileIsInTheWay_fails() throws Exception {
    Path file = Files.createFile(folder.resolve("a"));
    assertThatThrownBy(() -> DurableFiles.createFolder(file.resolve("b")))
        .isInstanceOf(IOException.class);
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
