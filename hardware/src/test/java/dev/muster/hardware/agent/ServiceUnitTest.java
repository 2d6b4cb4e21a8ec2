/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The systemd unit that runs the agent. */
class ServiceUnitTest {
  @TempDir
  Path folder;

  private static final Path SYSTEMD =
      Path.of(System.getProperty("muster.root"), "hardware/systemd");

  @Test
  void unit_isExposedByAtMost2() {
    assertExposedByAtMost2(SYSTEMD.resolve("muster-device.service"));
  }

  @Test
  void unitWithWatchdog_isExposedByAtMost2() throws IOException {
    Path unit = folder.resolve("muster-device.service");
    Files.copy(SYSTEMD.resolve("muster-device.service"), unit);
    Files.writeString(
        unit, Files.readString(SYSTEMD.resolve("watchdog.conf")), StandardOpenOption.APPEND);

    assertExposedByAtMost2(unit);
  }

  private void assertExposedByAtMost2(Path unit) {
    // The threshold is in tenths; above it, the exit code is 1.
    PeerProgram.require("systemd-analyze")
        .run(folder, "security", "--offline=yes", "--threshold=20", "--no-pager", unit.toString())
        .expectSuccess();
  }
}
