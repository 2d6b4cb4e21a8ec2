/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

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

  @Test
  void unitsOfRestarting_areOnesThatSystemdReads() {
    String said = PeerProgram.require("systemd-analyze")
        .run(folder, "verify", SYSTEMD.resolve("muster-device-reboot.path").toString())
        .expectSuccess()
        .output();

    assertThat(said).doesNotContain("muster-device");
  }

  /**
   * What the settings have the agent touch is what systemd looks at, in a folder of the agent's.
   */
  @Test
  void unitsOfRestarting_lookAtWhatTheSettingsTouch() {
    String file = "/run/muster-device/reboot";
    assertThat(SYSTEMD.resolve("device.properties")).content().contains("touch " + file + "\n");
    assertThat(SYSTEMD.resolve("muster-device-reboot.path"))
        .content()
        .contains("PathExists=" + file + "\n");
    assertThat(SYSTEMD.resolve("muster-device.service"))
        .content()
        .contains("RuntimeDirectory=muster-device\n");
  }
}
