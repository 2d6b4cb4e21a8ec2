/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.simulator.payload.MessageSource;
import dev.muster.simulator.payload.Payload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScenarioFileTest {
  private static final Path FILE = Path.of("s.yaml");

  @TempDir
  Path folder;

  @Test
  void read_everyPhase() {
    ScenarioFile file = parse("""
        name: all
        devices: 200
        rate: 0.5
        payload: constant
        phases:
          - enroll: {for: 2m}
          - ramp: {for: 10s}
          - steady: {for: 1h}
          - recovery: {for: 3m}
          - burst: {for: 500ms, factor: 2.5}
          - flood: {for: 5s, devices: 2}
          - reconnect-storm: {for: 30s, share: 50%}
          - partition: {for: 1s, share: 1.5%}
          - slow-network: {for: 1s, delay: 200ms}
          - slow-network: {for: 1s, share: 5%, bandwidth: 1200, loss: 2.5%}
          - half-open: {for: 90s, share: 10%}
          - half-open: {for: 3s, timeout: 500ms}
          - power-cut: {for: 1s, share: 10%}
          - rotation: {for: 30s}
          - kill-server: {for: 1m, times: 10}
          - kill-server: {for: 1h, times: 10, within: 2s}
          - hook: {for: 1m, begin: kill -STOP 1, end: "kill -CONT 1"}
          - hook: {for: 1s, begin: sync}
          - mass-revocation: {for: 20s, share: 10%}
          - twin-change: {for: 30s}
          - commands: {for: 30s, share: 5%}
          - clock-jump: {for: 5s, by: -90s}
          - clone: {for: 6s, share: 20%}
          - wrong-certificate: {for: 7s, share: 20%}
        """);
    assertThat(file.devices()).isEqualTo(200);
    assertThat(file.messagesPerSecond()).isEqualTo(0.5);
    assertThat(file.payload()).isSameAs(Payload.CONSTANT);
    assertThat(file.scenario().name()).isEqualTo("all");
    assertThat(file.scenario().phases())
        .containsExactly(
            new Phase.Enroll(Duration.ofMinutes(2)),
            new Phase.Ramp(Duration.ofSeconds(10)),
            new Phase.Steady(Duration.ofHours(1)),
            new Phase.Recovery(Duration.ofMinutes(3)),
            new Phase.Burst(Duration.ofMillis(500), 2.5),
            new Phase.Flood(Duration.ofSeconds(5), 2),
            new Phase.ReconnectStorm(Duration.ofSeconds(30), 0.5),
            new Phase.Partition(Duration.ofSeconds(1), 0.015),
            new Phase.SlowNetwork(Duration.ofSeconds(1), 1, Duration.ofMillis(200), 0, 0),
            new Phase.SlowNetwork(Duration.ofSeconds(1), 0.05, Duration.ZERO, 1200, 0.025),
            new Phase.HalfOpen(Duration.ofSeconds(90), 0.1, null),
            new Phase.HalfOpen(Duration.ofSeconds(3), 1, Duration.ofMillis(500)),
            new Phase.PowerCut(Duration.ofSeconds(1), 0.1),
            new Phase.Rotation(Duration.ofSeconds(30), 1),
            new Phase.KillServer(Duration.ofMinutes(1), 10, null),
            new Phase.KillServer(Duration.ofHours(1), 10, Duration.ofSeconds(2)),
            new Phase.Hook(Duration.ofMinutes(1), "kill -STOP 1", "kill -CONT 1"),
            new Phase.Hook(Duration.ofSeconds(1), "sync", null),
            new Phase.MassRevocation(Duration.ofSeconds(20), 0.1),
            new Phase.TwinChange(Duration.ofSeconds(30), 1),
            new Phase.Commands(Duration.ofSeconds(30), 0.05),
            new Phase.ClockJump(Duration.ofSeconds(5), 1, Duration.ofSeconds(-90)),
            new Phase.Clone(Duration.ofSeconds(6), 0.2),
            new Phase.WrongCertificate(Duration.ofSeconds(7), 0.2));
    assertThat(file.commands()).containsExactly("kill -STOP 1", "kill -CONT 1", "sync");
  }

  @Test
  void read_leastPossible_leavesTheRestOpen() {
    ScenarioFile file = parse("phases: [ramp: {for: 1s}]");
    assertThat(file.scenario())
        .isEqualTo(new Scenario("s.yaml", List.of(new Phase.Ramp(Duration.ofSeconds(1)))));
    assertThat(file.devices()).isNull();
    assertThat(file.messagesPerSecond()).isNull();
    assertThat(file.payload()).isNull();
    assertThat(file.text()).isEqualTo("phases: [ramp: {for: 1s}]");
  }

  @Test
  void read_serverAndExpectations() {
    ScenarioFile file = parse("""
        server: ./muster serve
        phases: [ramp: {for: 1s}]
        expect:
          undisturbed-p99: 2
          longest-gap: 5s
          heap-growth: 64
        """);
    assertThat(file.server()).isEqualTo("./muster serve");
    assertThat(file.commands()).containsExactly("./muster serve");
    Expectations expected = file.scenario().expectations();
    assertThat(expected)
        .isEqualTo(
            new Expectations(2.0, Duration.ofSeconds(5), null, null, 64.0, null, null, null, null));
    assertThat(expected.ofTheServer()).isTrue();
  }

  @Test
  void read_slowNetworkThatIsNotSlow_isRefused() {
    refused(
        "phases: [ramp: {for: 1s}, slow-network: {for: 1s}]",
        "s.yaml:1:27: slow-network: missing (expected: at least one of delay, bandwidth, loss)");
  }

  @Test
  void read_killsOfAServerWithDevices() {
    assertThat(parse("phases: [ramp: {for: 1s}, kill-server: {for: 1h, times: 9, within: 5s,"
                + " online: 90%, retry: 2s}]")
            .scenario()
            .phases()
            .get(1))
        .isEqualTo(new Phase.KillServer(
            Duration.ofHours(1), 9, Duration.ofSeconds(5), 0.9, Duration.ofSeconds(2)));
    refused(
        "phases: [ramp: {for: 1s}, kill-server: {for: 1s, times: 9, online: 90%}]",
        "s.yaml:1:27: kill-server: missing (expected: within)");
  }

  @Test
  void read_variables_areThoseOfTheEnvironment() {
    String text = """
        server: start ${DATA:-here}
        devices: ${DEVICES:-5000}
        phases: [ramp: {for: "${RAMP:-1s}"}, kill-server: {for: 1s, times: "${KILLS:-many}"}]
        """;
    ScenarioFile file = ScenarioFile.parse(text, FILE, Map.of("DEVICES", "20", "KILLS", "3"));
    assertThat(file.devices()).isEqualTo(20);
    assertThat(file.scenario().phases())
        .containsExactly(
            new Phase.Ramp(Duration.ofSeconds(1)),
            new Phase.KillServer(Duration.ofSeconds(1), 3, null));
    assertThat(file.server()).as("the shell's").isEqualTo("start ${DATA:-here}");
    refused(
        text, "s.yaml:3:68: times: \"${KILLS:-many}\" (expected: a whole number from 1 to 100000)");
  }

  @Test
  void read_mistakesAboutTheServer_areToldWithTheirPlaces() {
    refused(
        """
        server: []
        phases:
          - ramp: {for: 1s}
          - kill-server: {for: 1s}
          - hook: {for: 1s, end: x}
          - hook: {for: 1s, begin: x, end: ""}
        expect: {longest-gap: 5, p99: 1, heap-growth: many}
        """,
        "s.yaml:4:5: times: missing (expected: a whole number from 1 to 100000)",
        "s.yaml:5:5: begin: missing (expected: a command)",
        "s.yaml:6:36: end: \"\" (expected: a command)",
        "s.yaml:7:26: key: \"p99\" (expected: one of back-online, file-growth, heap-growth,",
        "s.yaml:7:23: longest-gap: \"5\" (expected: a time, such as 500ms, 30s or 5m)",
        "s.yaml:7:47: heap-growth: \"many\" (expected: a number from 0 to 1000000)",
        "s.yaml:1:9: server: a list (expected: a command)");
  }

  @Test
  void read_manyMistakes_areToldAtOnceWithTheirPlaces() {
    refused(
        """
        devices: many
        rat: 1
        payload: noise
        phases:
          - ramp: {for: 10}
          - stedy: {for: 1s}
          - burst: {for: 1s}
          - reconnect-storm: {for: 1s, share: 150%}
          - rotation
          - clock-jump: {for: 1s, by: 0s}
          - twin-change: {share: 10%}
          - clone: {for: 1s, shar: 10%}
        """,
        "s.yaml:2:1: key: \"rat\" (expected: one of devices, expect, name, payload, phases, rate, server; did you mean rate?)",
        "s.yaml:5:17: for: \"10\" (expected: a time, such as 500ms, 30s or 5m)",
        "s.yaml:6:5: phase: \"stedy\" (expected: one of enroll, ramp, steady, recovery, burst, flood,",
        "s.yaml:7:5: factor: missing (expected: a number from 0.01 to 1000)",
        "s.yaml:8:39: share: \"150%\" (expected: above 0 %, up to 100 %, such as 30%)",
        "s.yaml:10:31: by: \"0s\" (expected: a time, such as 1h, or back: -90s)",
        "s.yaml:11:5: for: missing (expected: a time, such as 500ms, 30s or 5m)",
        "s.yaml:12:22: key: \"shar\" (expected: one of for, share; did you mean share?)",
        "s.yaml:9:5: phase: \"rotation\" (expected: its name and what it needs, such as rotation: {",
        "s.yaml:1:10: devices: \"many\" (expected: a whole number from 1 to 1000000)",
        "s.yaml:3:10: payload: \"noise\" (expected: day-curve, random-walk, bursts or constant, or {csv: FILE})");
  }

  @Test
  void read_mistypedWords_areGuessed() {
    for (String line : List.of(
        "stedy steady", "Ramp ramp", "storm reconnect-storm", "kill kill-server", "floods flood")) {
      String[] words = line.split(" ");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> parse("phases: [ramp: {for: 1s}, " + words[0] + ": {for: 1s}]"))
          .withMessageEndingWith("; did you mean " + words[1] + "?)");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("phases: [ramp: {for: 1s}, meltdown: {for: 1s}]"))
        .withMessageEndingWith(", wrong-certificate)");
    refused(
        "Devices: 2\nphases: [ramp: {fro: 1s, for: 1s}]\nexpect: {undonne: 0}\n",
        "s.yaml:1:1: key: \"Devices\" (expected: one of devices, expect, name, payload, phases, rate,"
            + " server; did you mean devices?)",
        "s.yaml:2:17: key: \"fro\" (expected: one of for",
        "s.yaml:3:10: key: \"undonne\" (expected: one of back-online,");
  }

  @Test
  void read_whatNewcomersWrite_isToldByNameAndWhatWasExpected() {
    refused(
        "devices: 2.5\nphases: [ramp: {for: 1s}, flood: {for: 1s, devices: 1.5}]",
        "s.yaml:2:53: devices: \"1.5\" (expected: a whole number from 1 to 10000)",
        "s.yaml:1:10: devices: \"2.5\" (expected: a whole number from 1 to 1000000)");
    refused(
        "devices: 1\ndevices: 2\nphases: [ramp: {for: 1s}]",
        "s.yaml:2:1: key: \"devices\" (expected: each key once)");
    refused(
        "phases:\n  - ramp: {for: 1s}\n    steady: {for: 1s}\n",
        "s.yaml:2:5: phase: keys with values (expected: a dash before each of its 2)");
    refused(
        "phases:\n  - ramp:\n    for: 1s\n",
        "s.yaml:2:5: phase: keys with values (expected: its name and what it needs, such as ramp: {for: 10s})");
    refused(
        "phases: {ramp: {for: 1s}}",
        "s.yaml:1:9: phases: keys with values (expected: a list, such as - steady: {for: 30s})");
    refused(
        "phases: [ramp]",
        "s.yaml:1:10: phase: \"ramp\" (expected: its name and what it needs, such as ramp: {for: 10s})");
    refused(
        "phases: [ramp: {for: 1s}]\nexpect: [undone]",
        "s.yaml:2:9: expect: a list (expected: keys with limits, such as {longest-gap: 5s})");
    refused("phases:\n\t- ramp: {for: 1s}\n", "s.yaml:2:1: no YAML: found character '\\t(TAB)'");
  }

  @Test
  void read_whatIsNoTextFile_isRefusedByName() throws Exception {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScenarioFile.read(folder))
        .withMessageStartingWith(folder + ": cannot be read (");
    Path file = Files.write(folder.resolve("s.yaml"), new byte[] {'a', (byte) 0xff, ':'});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScenarioFile.read(file))
        .withMessage(file + ": is no text (expected: YAML in UTF-8)");
  }

  @Test
  void read_severalPayloads_takeTurns() {
    Payload both = requireNonNull(
        parse("payload: [constant, random-walk]\nphases: [ramp: {for: 1s}]").payload());
    MessageSource source = both.source(new SplittableRandom(1));
    assertThat(Stream.generate(() -> source.next(Instant.EPOCH).stream()).limit(4))
        .containsExactly("load", "walk", "load", "walk");
    refused(
        "payload: [constant, noise, [bursts]]\nphases: [ramp: {for: 1s}]",
        "s.yaml:1:21: payload: \"noise\" (expected: day-curve,",
        "s.yaml:1:28: payload: a list (expected: day-curve,");
  }

  @Test
  void read_wrongOrder_isRefused() {
    refused(
        "phases:\n  - steady: {for: 1s}\n",
        "s.yaml:2:3: phases: number 1 is steady (expected: enroll, if at all, then ramp, each once,");
    refused("phases:\n  - enroll: {for: 1s}\n", "s.yaml:2:3: phases: there is no ramp (");
    refused(
        "phases:\n  - ramp: {for: 1s}\n  - enroll: {for: 1s}\n",
        "s.yaml:2:3: phases: number 2 is enroll (");
  }

  @Test
  void read_noYamlAtAll_namesThePlace() {
    refused(
        "phases: [\n", "s.yaml:2:1: no YAML: expected the node content, but found '<stream end>'");
    refused(
        "",
        "s.yaml: scenario: missing (expected: keys with values, of which phases has to be there)");
    refused("- 1\n", "s.yaml:1:1: scenario: a list (expected: keys with values,");
    refused("name: x\n", "s.yaml:1:1: phases: missing (expected: a list,");
  }

  @Test
  void read_csv_isFoundBesideTheFile() throws Exception {
    Files.writeString(folder.resolve("day.csv"), "time,temperature\n0,20.5\n60,bad\n");
    Path file = folder.resolve("s.yaml");
    Files.writeString(file, "payload: {csv: day.csv}\nphases: [ramp: {for: 1s}]\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScenarioFile.read(file))
        .withMessage(file + ":1:16: csv: " + folder.resolve("day.csv")
            + ":3: temperature: \"bad\" (expected: a number)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScenarioFile.read(folder.resolve("none.yaml")))
        .withMessageEndingWith("none.yaml: does not exist");
  }

  private static ScenarioFile parse(String text) {
    return ScenarioFile.parse(text, FILE);
  }

  private static void refused(String text, String... lines) {
    assertThatIllegalArgumentException().isThrownBy(() -> parse(text)).satisfies(e -> {
      String[] told = String.valueOf(e.getMessage()).split("\n");
      assertThat(told).as("%s", e.getMessage()).hasSameSizeAs(lines);
      for (String line : lines) {
        assertThat(told).anySatisfy(one -> assertThat(one).startsWith(line));
      }
    });
  }
}
