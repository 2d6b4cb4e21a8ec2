/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SimulateCommandTest {
  /** Else one would take the other's server for its own, when that says that it is ready. */
  @Test
  void logs_ofRunsInOneFolder_areTheirOwn() {
    assertThat(log("--data", "one")).isEqualTo(Path.of("one.server.log"));
    assertThat(log("--data", "disks/two")).isEqualTo(Path.of("disks/two.server.log"));
    assertThat(log("--data", "one", "--state", "kept")).isEqualTo(Path.of("kept/server.log"));
    assertThat(log()).isEqualTo(Path.of("muster-data.server.log"));
  }

  private static Path log(String... options) {
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command).parseArgs(options);
    return command.log("server.log");
  }
}
