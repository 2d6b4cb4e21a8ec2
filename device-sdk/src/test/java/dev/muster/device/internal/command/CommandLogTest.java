/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLogTest {
  private static final int LARGEST = 64 * 1024;

  @TempDir
  Path folder;

  private static List<String> known(CommandLog log) {
    return IntStream.range(0, 150)
        .mapToObj(i -> "c" + i)
        .filter(id -> log.result(id) != null)
        .toList();
  }

  @Test
  void end_manyLargeResults_remembersThoseOfAllThatCanBeOpenAlsoOnDisk() throws IOException {
    List<String> known;
    try (CommandLog log = CommandLog.open(folder)) {
      for (int i = 0; i < 150; i++) {
        log.begin("c" + i);
        log.end("c" + i, new byte[LARGEST]);
      }
      known = known(log);
      assertThat(log.isBegun("c0")).isFalse();
    }

    assertThat(known).hasSize(100).startsWith("c50").endsWith("c149");
    try (CommandLog next = CommandLog.open(folder)) {
      assertThat(known(next)).isEqualTo(known);
    }
  }
}
