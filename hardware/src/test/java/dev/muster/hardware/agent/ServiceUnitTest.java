/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import dev.muster.testing.PeerProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The systemd unit that runs the agent. */
class ServiceUnitTest {
  @TempDir
  Path folder;

  @Test
  void unit_isExposedByAtMost2() {
    Path unit =
        Path.of(System.getProperty("muster.root"), "hardware/systemd/muster-device.service");

    // The threshold is in tenths; above it, the exit code is 1.
    PeerProgram.require("systemd-analyze")
        .run(folder, "security", "--offline=yes", "--threshold=20", "--no-pager", unit.toString())
        .expectSuccess();
  }
}
