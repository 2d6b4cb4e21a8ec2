/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.muster.app.UserError;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  @Test
  void report_whereNoneCanBeWritten_isRefusedBeforeTheRun(@TempDir Path folder) {
    Path state = folder.resolve("state");
    for (Path report : List.of(folder.resolve("none/run.html"), folder)) {
      SimulateCommand command = brokerOnly(state, "--report", report.toString());
      assertThatExceptionOfType(UserError.class)
          .isThrownBy(command::call)
          .withMessageStartingWith("--report: " + report + " cannot be written (expected:");
    }
    assertThat(state).doesNotExist();
  }

  @Test
  void ca_thatIsNone_isNamed(@TempDir Path folder) throws IOException {
    Path state = folder.resolve("state");
    Path ca = folder.resolve("ca.pem");
    SimulateCommand command = brokerOnly(state);
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(command::call)
        .withMessage("--ca: " + ca + ": does not exist");
    Files.writeString(ca, "no PEM");
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(command::call)
        .withMessageStartingWith("--ca: " + ca + ": no certificate (expected:");
    Files.writeString(
        ca,
        TestPki.pem(
            List.of(TestPki.root("CN=Root").issue("CN=broker").server().build().certificate())));
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(command::call)
        .withMessage("--ca: " + ca + " (expected: the root certificate, which is a CA)");
    assertThat(state).doesNotExist();
  }

  @Test
  void server_whoseLogCannotBeWritten_isNotStarted_andItIsNamed(@TempDir Path folder)
      throws IOException {
    Path scenario = Files.writeString(
        folder.resolve("s.yaml"), "server: \"true\"\nphases:\n  - ramp: {for: 1s}\n");
    Path log = Files.createDirectory(folder.resolve("data.server.log"));
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command)
        .parseArgs(
            "--scenario=" + scenario, "--allow-commands", "--data=" + folder.resolve("data"));
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(command::call)
        .withMessageStartingWith("server: not started, with its log in " + log + " (");
  }

  @Test
  void server_whoseBrokerHasNoHost_isNotStarted(@TempDir Path folder) throws IOException {
    Path scenario = Files.writeString(
        folder.resolve("s.yaml"), "server: \"true\"\nphases:\n  - ramp: {for: 1s}\n");
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command)
        .parseArgs(
            "--scenario=" + scenario,
            "--allow-commands",
            "--data=" + folder.resolve("data"),
            "--mqtt=mqtts://my_broker:8883");
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(command::call)
        .withMessageStartingWith("broker: mqtts://my_broker:8883 (expected:");
    assertThat(folder.resolve("data.server.log")).doesNotExist();
  }

  /** Nobody is there, and it is over soon. */
  private static SimulateCommand brokerOnly(Path state, String... options) {
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command)
        .parseArgs(Stream.concat(
                Stream.of(
                    "--broker-only",
                    "--mqtt=mqtts://localhost:1",
                    "--ca=" + state.resolveSibling("ca.pem"),
                    "--state=" + state,
                    "--devices=1",
                    "--for=1s"),
                Stream.of(options))
            .toArray(String[]::new));
    return command;
  }

  private static Path log(String... options) {
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command).parseArgs(options);
    return command.log("server.log");
  }
}
