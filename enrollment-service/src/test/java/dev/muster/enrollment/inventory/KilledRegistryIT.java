/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.protocol.identity.DeviceId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledRegistryIT {
  private static final int ENOUGH = 300;

  @Test
  void kill9_losesNothingThatWasCommitted(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("committed.txt");
    Path database = folder.resolve("db");
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            CommittingProgram.class.getName(),
            database.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .redirectOutput(output.toFile())
        .start();
    try {
      await().atMost(Duration.ofSeconds(60)).until(() -> committed(output).size() >= ENOUGH);
    } finally {
      process.destroyForcibly().waitFor();
    }
    List<String> committed = committed(output);
    try (Registry registry = Registry.open(new StorageConfig(database))) {
      List<String> missing = registry.read(tables -> committed.stream()
          .filter(id -> tables.devices().find(new DeviceId(id)).isEmpty())
          .toList());
      assertThat(missing).isEmpty();
    }
  }

  /** Whole lines only: the kill may have cut the last one. */
  private static List<String> committed(Path output) throws IOException {
    String text = Files.readString(output);
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .filter(line -> line.matches("d[0-9]+"))
        .toList();
  }
}
