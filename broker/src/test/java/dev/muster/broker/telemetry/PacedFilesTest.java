/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.h2.store.fs.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PacedFilesTest {
  private static final int PIECE = 512 * 1024;

  @TempDir
  Path folder;

  @Test
  void writesOfAllSizes_areInTheFileAsTheyAre_andTakenWhole() throws Exception {
    PacedFiles.register();
    Path file = folder.resolve("f");
    Random random = new Random(1);
    for (int size : new int[] {0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7}) {
      byte[] content = new byte[size];
      random.nextBytes(content);
      try (FileChannel channel = FilePath.get("paced:" + file).open("rw")) {
        channel.write(ByteBuffer.wrap(new byte[5]), 0);
        ByteBuffer source = ByteBuffer.wrap(content);
        assertThat(channel.write(source, 5)).isEqualTo(size);
        assertThat(source.remaining()).isZero();
        channel.truncate(5 + size);
      }
      byte[] written = Files.readAllBytes(file);
      assertThat(Arrays.copyOfRange(written, 5, written.length)).isEqualTo(content);
    }
  }
}
