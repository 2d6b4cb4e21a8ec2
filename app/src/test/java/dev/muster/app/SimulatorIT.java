/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/simulator.md, executed: a fleet of light devices on a real backend, through a reconnect
 * storm, a burst and a rotation of certificates.
 */
class SimulatorIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void simulator_everyBlockInOrder_losesNothing() throws IOException {
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    try (MusterProcess backend = MusterProcess.start(
            folder,
            "serve",
            "--ephemeral-ports",
            "--set",
            "ports.coaps=0",
            "--set",
            "ports.telemetryCoaps=0")
        .awaitReady()) {
      Path script =
          Files.writeString(folder.resolve("page.sh"), "set -eu -o pipefail\n" + script());
      MusterProcess.startCommand(folder, Map.of(), List.of("bash", "-x", script.toString()))
          .awaitEnd(Duration.ofMinutes(6))
          .expect(0);
      byUrl();
      assertThat(backend.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
    }
    assertThat(Files.readString(folder.resolve("run.html")))
        .contains("reconnect-storm", "Memory of the server");
    JsonNode run = new ObjectMapper().readTree(folder.resolve("run.json").toFile());
    assertThat(run.path("lost").asInt()).isZero();
    assertThat(run.path("result").asText()).as(run::toPrettyString).isEqualTo("passed");
    assertThat(run.path("connected").asInt()).isEqualTo(20);
    assertThat(run.path("phases").findValuesAsText("name"))
        .containsExactly(
            "enroll",
            "ramp",
            "steady",
            "mass-revocation",
            "reconnect-storm",
            "burst",
            "flood",
            "partition",
            "slow-network",
            "half-open",
            "power-cut",
            "rotation",
            "twin-change",
            "commands",
            "clock-jump",
            "clone",
            "steady",
            "wrong-certificate");
    assertThat(run.path("serverVersion")).isEqualTo(run.path("version"));
    assertThat(run.path("machine").path("memoryMiB").asLong()).isPositive();
    assertThat(run.path("scenarioText").asText())
        .isEqualTo(Files.readString(folder.resolve("storm.yaml")));
    assertThat(run.path("broken")).as("revoked and disguised devices stay out").isEmpty();
    assertThat(run.path("phases").path(3).path("done").asInt()).as("cut off").isEqualTo(2);
    assertThat(run.path("phases").path(15).path("achieved").asInt())
        .as("clones")
        .isPositive();
    assertThat(run.path("phases").path(17).path("achieved").asInt())
        .as("turned away with the certificates of their factory")
        .isPositive();
    assertThat(run.path("answered").asInt()).as("twins and commands").isBetween(15, 40);
    assertThat(run.path("connectionFailures").properties())
        .extracting(Map.Entry::getKey)
        .contains("the connection was reset", "renewed its certificate", "no answer for 1000 ms")
        .as("take-overs by the clone")
        .contains("disconnected by the broker: reason 0x8e");
    assertThat(run.path("phases").findValues("back"))
        .as("who was cut, or renewed, is online again")
        .anyMatch(back -> back.asInt() > 0);
    JsonNode coap = new ObjectMapper().readTree(folder.resolve("coap.json").toFile());
    assertThat(coap.path("server").asText()).startsWith("coaps:");
    assertThat(coap.path("result").asText()).as(coap::toPrettyString).isEqualTo("passed");
    assertThat(coap.path("connected").asInt()).isEqualTo(3);
    String compared = MusterProcess.run(folder, "simulate", "compare", "run.html", "run.json")
        .expect(0)
        .stdout();
    assertThat(compared).contains("B / A", "latency p99, ms", "1.00");
  }

  /**
   * From another directory, with what an administrator would be given. Three of the devices came
   * over CoAP before; three lose their power, and then the network does what networks do.
   */
  private void byUrl() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    Path data = folder.resolve("muster-data");
    JsonNode ports = mapper.readTree(data.resolve("ports.json").toFile());
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("power.yaml"), """
        rate: 4
        phases:
          - ramp: {for: 1s}
          - recovery: {for: 2m}
          - power-cut: {for: 1s, share: 60%}
          - recovery: {for: 2m}
          - slow-network: {for: 1s, share: 60%, delay: 20ms, bandwidth: 40000, loss: 5%}
          - partition: {for: 1s, share: 40%}
          - reconnect-storm: {for: 1s, share: 40%}
          - recovery: {for: 2m}
          - half-open: {for: 1s, share: 40%, timeout: 500ms}
          - recovery: {for: 2m}
        expect: {undone: 0}
        """);
    String printed = MusterProcess.run(
            elsewhere,
            "simulate",
            "--server",
            "https://localhost:" + ports.path("operator").asInt(),
            "--ca",
            data.resolve("trust/root.pem").toString(),
            "--token-file",
            data.resolve("admin-token").toString(),
            "--est",
            "https://localhost:" + ports.path("est").asInt(),
            "--mqtt",
            "mqtts://localhost:" + ports.path("mqtt").asInt(),
            "--state",
            data.resolve("simulator").toString(),
            "--client",
            "sdk",
            "--devices",
            "5",
            "--scenario",
            "power.yaml",
            "--json")
        .expect(0)
        .stdout();
    JsonNode run = mapper.readTree(printed);
    assertThat(run.path("result").asText()).isEqualTo("passed");
    assertThat(run.path("enrolled").asInt()).as("two of them now").isEqualTo(5);
    assertThat(run.path("phases").path(2).path("done").asInt()).as("back").isEqualTo(3);
    assertThat(run.path("phases").path(6).path("done").asInt())
        .as("cut, and back")
        .isEqualTo(2);
  }

  private static String script() throws IOException {
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/simulator.md"));
    return BLOCK.matcher(page).results().map(block -> block.group(1)).collect(Collectors.joining());
  }
}
