/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet of virtual devices, by itself and on a backend, and how it ends. */
class DemoIT {
  @TempDir
  Path folder;

  @Test
  void demo_withAnEnd_passesAndReportsAsJson() throws IOException {
    MusterProcess.Ended ended = MusterProcess.run(
            folder, "demo", "--devices", "5", "--for", "8s", "--json", "--ephemeral-ports")
        .expect(0);
    var report = new ObjectMapper().readTree(ended.stdout());
    assertThat(report.path("result").asText()).isEqualTo("passed");
    assertThat(report.path("enrolled").asInt()).isEqualTo(5);
    assertThat(report.path("acknowledged").asInt()).isPositive();
    assertThat(report.path("lost").asInt()).isZero();
    assertThat(report.path("duplicated").asInt()).isZero();
    assertThat(ended.stderr()).doesNotContain("WARN").doesNotContain("ERROR");
  }

  @Test
  void demo_interrupted_endsWithinFiveSeconds() {
    try (MusterProcess demo =
        MusterProcess.start(folder, "demo", "--devices", "3", "--ephemeral-ports")) {
      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> demo.stdout().contains("Ctrl-C stops everything."));
      demo.interrupt();
      demo.awaitEnd(Duration.ofSeconds(5));
    }
  }

  /** On a terminal there is a progress bar; whatever draws it must leave Ctrl-C to us. */
  @Test
  void demo_ctrlCOnATerminal_stillLooksUpWhatWasAcknowledged() {
    PeerProgram.require("script");
    String command = MusterProcess.ROOT.resolve("muster") + " demo --devices 2 --ephemeral-ports";
    try (MusterProcess terminal = MusterProcess.startCommand(
        folder, Map.of(), List.of("script", "-qefc", command, "/dev/null"))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() ->
              terminal.stdout().contains("online       [##############################] 2 of 2"));
      terminal.type("\003");
      terminal.awaitEnd(Duration.ofSeconds(10));
      assertThat(terminal.stdout())
          .contains("acknowledged messages looked up: 0 lost, 0 stored twice");
    }
  }

  /** A server that stands still for longer than Ctrl-C may take. */
  @Test
  void simulate_interrupted_waitsForTheLookUpAndSaysSo() throws IOException {
    try (MusterProcess backend =
            MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady();
        MusterProcess load = MusterProcess.start(
            folder, "simulate", "--devices", "2", "--rate", "5", "--for", "10m", "--json")) {
      awaitConnected(backend, 2);
      backend.signal("STOP");
      load.interrupt();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> load.stderr().contains("looking up what was acknowledged"));
      backend.signal("CONT");
      MusterProcess.Ended ended = load.awaitEnd(Duration.ofMinutes(1));
      var report = new ObjectMapper().readTree(ended.stdout());
      assertThat(report.path("lost").asInt(-1)).as(ended.stderr()).isZero();
    }
  }

  @Test
  void simulate_backendGoneAtTheEnd_stillReportsWhatItSaw() throws IOException {
    try (MusterProcess backend =
            MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady();
        MusterProcess load = MusterProcess.start(
            folder, "simulate", "--devices", "3", "--rate", "5", "--for", "12s", "--json")) {
      awaitConnected(backend, 3);
      backend.kill();
      MusterProcess.Ended ended = load.awaitEnd(Duration.ofMinutes(1)).expect(1);
      var report = new ObjectMapper().readTree(ended.stdout());
      assertThat(report.path("result").asText()).isEqualTo("unverified");
      assertThat(report.path("sent").asInt()).isPositive();
    }
  }

  private static void awaitConnected(MusterProcess backend, int devices) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> backend.stderr().split("Client connected client=sim-", -1).length > devices);
  }
}
