/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PowerCutDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

  /**
   * What is left are the first ones: a command that was done is forgotten only with those after it.
   */
  @Test
  void open_fileTornOrZeroFilledFromAnywhere_knowsAllBeforeThatPlaceAndGoesOn() throws IOException {
    try (CommandLog log = CommandLog.open(folder)) {
      for (int i = 0; i < 4; i++) {
        log.begin("c" + i);
        log.end("c" + i, new byte[10]);
      }
    }
    Path file = onlyFile();
    byte[] whole = Files.readAllBytes(file);
    int most = 0;
    for (int length = 0; length < whole.length; length++) {
      for (int size : new int[] {length, whole.length}) {
        Files.write(file, Arrays.copyOf(Arrays.copyOf(whole, length), size));
        try (CommandLog log = CommandLog.open(folder)) {
          List<String> known = known(log);
          assertThat(List.of("c0", "c1", "c2", "c3").subList(0, known.size()))
              .as("%d of %d", length, size)
              .isEqualTo(known);
          if (size == length) {
            assertThat(known).as("torn at %d", length).hasSizeGreaterThanOrEqualTo(most);
            most = known.size();
          }
          log.begin("new");
        }
        try (CommandLog log = CommandLog.open(folder)) {
          assertThat(log.isBegun("new")).as("%d of %d", length, size).isTrue();
        }
        empty();
      }
    }
    assertThat(most).isEqualTo(3);
  }

  @Test
  void powerCut_whatWasBegunAndEnded_isKnownAfterIt() throws IOException {
    PowerCutDisk disk = new PowerCutDisk(folder);
    for (int i = 0; i < 3; i++) {
      CommandLog cut = CommandLog.open(disk.root());
      cut.begin("c" + i);
      cut.end("c" + i, new byte[10]);
      cut.begin("begun" + i);
      disk.cutPower();
      cut.close();
    }

    try (CommandLog log = CommandLog.open(folder)) {
      assertThat(known(log)).containsExactly("c0", "c1", "c2");
      assertThat(List.of("begun0", "begun1", "begun2")).allMatch(log::isBegun);
    }
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> found = files.filter(Files::isRegularFile).toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }

  private void empty() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
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
