/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StagedDirectoryTest {
  @TempDir
  Path folder;

  @Test
  void create_new_appearsWithAllItsFilesAndModes() throws Exception {
    Path target = folder.resolve("a/b");
    Path made = StagedDirectory.create(target, files -> {
      files.write("key", "secret");
      files.writePublic("certificate", "for all");
      assertThat(target).doesNotExist();
    });
    assertThat(made).isEqualTo(target);
    assertThat(target.resolve("key")).hasContent("secret");
    assertThat(permissions(target.resolve("key"))).isEqualTo("rw-------");
    assertThat(permissions(target.resolve("certificate"))).isEqualTo("rw-r--r--");
    assertThat(permissions(target)).isEqualTo("rwx------");
    alone("a/b");
  }

  @Test
  void create_overFiles_isRefusedAndNothingChanged() throws Exception {
    Path target = Files.createDirectory(folder.resolve("a"));
    StagedDirectory.create(target, files -> files.write("key", "old")); // Empty: it may be used.
    assertThatThrownBy(() -> StagedDirectory.create(target, files -> files.write("other", "new")))
        .isInstanceOf(IOException.class);
    assertThat(target).isDirectoryNotContaining("glob:**other");
    assertThat(target.resolve("key")).hasContent("old");
    alone("a");
  }

  @Test
  void create_overAFile_isRefusedAndNothingChanged() throws Exception {
    Path target = Files.writeString(folder.resolve("a"), "a file");
    assertThatThrownBy(() -> StagedDirectory.create(target, files -> files.write("key", "new")))
        .isInstanceOf(IOException.class);
    assertThat(target).hasContent("a file");
    alone("a");
  }

  @Test
  void replace_there_isWhollyReplaced() throws Exception {
    Path target = folder.resolve("a");
    StagedDirectory.replace(target, files -> files.write("old", "1"));
    StagedDirectory.replace(target, files -> files.write("new", "2"));
    assertThat(target).isDirectoryContaining("glob:**new").isDirectoryNotContaining("glob:**old");
    alone("a");
  }

  @Test
  void recover_replaceWasCutShort_theOldOneIsBack() throws Exception {
    Path target = folder.resolve("a");
    StagedDirectory.replace(target, files -> files.write("old", "1"));
    Files.move(target, folder.resolve(".a.old"));
    StagedDirectory.recover(target);
    assertThat(target.resolve("old")).hasContent("1");
    alone("a");
    StagedDirectory.recover(target);
    StagedDirectory.recover(folder.resolve("never there"));
    assertThat(target.resolve("old")).hasContent("1");
  }

  @Test
  void contents_thatFail_leaveNothing() throws Exception {
    Path target = folder.resolve("a");
    assertThatThrownBy(() -> StagedDirectory.replace(target, files -> {
          files.write("key", "1");
          throw new IllegalStateException("no more");
        }))
        .hasMessage("no more");
    assertThat(folder).isEmptyDirectory();
  }

  /** Nothing staged is left beside the target. */
  private void alone(String target) {
    Path path = folder.resolve(target);
    assertThat(path.getParent().toFile().list())
        .containsExactly(path.getFileName().toString());
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
