/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.DeviceId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledRegistryIT {
  private static final int ENOUGH = 300;

  @Test
  void kill9_losesNothingThatWasCommitted(@TempDir Path folder) throws Exception {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            CommittingProgram.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    List<String> committed = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      String line = lines.readLine();
      while (line != null) {
        // The last line may be cut by the kill.
        if (line.matches("d[0-9]+")) {
          committed.add(line);
        }
        if (committed.size() == ENOUGH) {
          process.destroyForcibly();
        }
        line = lines.readLine();
      }
    }
    process.waitFor();
    assertThat(committed.size()).isGreaterThanOrEqualTo(ENOUGH);
    committed.remove(committed.size() - 1);
    try (Registry registry = Registry.open(folder)) {
      List<String> missing = registry.read(tables -> committed.stream()
          .filter(id -> tables.devices().find(new DeviceId(id)).isEmpty())
          .toList());
      assertThat(missing).isEmpty();
    }
  }
}
