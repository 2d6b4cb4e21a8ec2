/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.LossLedger;
import dev.muster.simulator.RunReport;
import dev.muster.simulator.StoredMessage;
import dev.muster.simulator.StoredMessages;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is said of a run whose store does, or does not do, what was acknowledged. */
class SimulatedFleetTest {
  private static final long SEED = 4711;
  private static final int MESSAGES = 5;
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final RunReport.PhaseReport RAMP = new RunReport.PhaseReport(
      "ramp", Duration.ZERO, MINUTE, 10, 10, null, null, 0, null, 0, null, 0, 0, 10, 0);
  private static final DeviceId QUIET = new DeviceId("acme-1");
  private static final DeviceId RESTLESS = new DeviceId("acme-2");

  @Test
  void outcome_everythingStoredOnce_passes() {
    SimulatedFleet.Outcome outcome =
        outcome(device -> numbers().map(SimulatedFleetTest::stored).toList());
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.toJson().path("result").asText()).isEqualTo("passed");
    assertThat(outcome.toJson().path("serverVersion").asText()).isEqualTo("1.2.3");
    assertThat(outcome.toJson().path("history")).isEmpty();
  }

  @Test
  void outcome_storeThatLostOne_fails_withSeedAndTheShortestHistory() {
    SimulatedFleet.Outcome outcome = outcome(device ->
        numbers().filter(number -> number != 3).map(SimulatedFleetTest::stored).toList());
    broken(outcome, "acme-1: message 3 of boot b was acknowledged and is not stored");
    assertThat(outcome.toJson().path("lost").asInt()).as("of each device").isEqualTo(2);
    assertThat(outcome.toJson().path("duplicated").asInt()).isZero();
    assertThat(outcome.toText()).contains("2 lost, 0 stored twice");
  }

  @Test
  void outcome_storeThatDoubledOne_fails_withSeedAndTheShortestHistory() {
    SimulatedFleet.Outcome outcome = outcome(device -> Stream.concat(
            numbers(), Stream.of(2L).filter(number -> device.equals(QUIET)))
        .map(SimulatedFleetTest::stored)
        .toList());
    broken(outcome, "acme-1: message 2 of boot b is stored more than once");
    assertThat(outcome.toJson().path("lost").asInt()).isZero();
    assertThat(outcome.toJson().path("duplicated").asInt()).isEqualTo(1);
    assertThat(outcome.toText()).contains("0 lost, 1 stored twice");
  }

  @Test
  void outcome_storeThatAlteredOneValue_fails_withSeedAndTheShortestHistory() {
    SimulatedFleet.Outcome outcome = outcome(device -> numbers()
        .map(number -> stored(number, device.equals(QUIET) && number == 4 ? 21.51 : 21.5))
        .toList());
    broken(outcome, "acme-1: message 4 of boot b is stored with another content than was sent");
    JsonNode json = outcome.toJson();
    assertThat(json.path("lost").asInt()).isZero();
    assertThat(json.path("altered").asInt()).isEqualTo(1);
    assertThat(json.at("/examples/altered/0/sequence").asInt()).isEqualTo(4);
    assertThat(outcome.toText()).contains("0 lost, 0 stored twice, 1 altered, 0 dead letters");
  }

  @Test
  void outcome_storeThatKeepsOneAside_fails_withSeedAndTheShortestHistory() {
    SimulatedFleet.Outcome outcome = outcome(device -> numbers()
        .map(number -> stored(number, 21.5, device.equals(QUIET) && number == 5))
        .toList());
    broken(outcome, "acme-1: message 5 of boot b is kept aside as a dead letter");
    assertThat(outcome.toJson().path("lost").asInt()).isZero();
    assertThat(outcome.toJson().path("deadLetters").asInt()).isEqualTo(1);
    assertThat(outcome.toText()).contains("0 lost, 0 stored twice, 0 altered, 1 dead letters");
  }

  @Test
  void outcome_storeThatKeepsAside_whatIsOfTheFuture_passes_andSaysSo() {
    LossLedger ledger = new LossLedger();
    numbers().forEach(number -> ledger.remember(QUIET, new MessageIdentity("b", number)));
    ledger.dated(QUIET, new MessageIdentity("b", 5), Duration.ofHours(1));
    LossLedger.Comparison compared = ledger.compare(
        device -> numbers().map(number -> stored(number, 21.5, number == 5)).toList());
    SimulatedFleet.Outcome outcome = new SimulatedFleet.Outcome(
        plan(), Instant.EPOCH, report(), compared, ledger.explain(compared), null, "1.2.3");
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.toJson().path("early").asInt()).isEqualTo(1);
    assertThat(outcome.toText())
        .contains("kept aside    1 messages whose clock was ahead, as dead letters");
  }

  @Test
  void outcome_storeThatDoesNotAnswer_isUnverified_andNoSuccess() {
    SimulatedFleet.Outcome outcome =
        new SimulatedFleet.Outcome(plan(), Instant.EPOCH, report(), null, List.of(), "503", null);
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.toJson().path("result").asText()).isEqualTo("unverified");
    assertThat(outcome.toText()).contains("not verified: 503");
  }

  /** Who sends nothing has nothing that could be lost. */
  @Test
  void outcome_deviceThatNeverCame_fails() {
    SimulatedFleet.Outcome outcome = outcome(
        device -> numbers().map(SimulatedFleetTest::stored).toList(),
        report(Map.of("not connected: refused by the broker: bad reason 0x87", 1L)));
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.toText()).contains("device failed  1 x not connected: refused");
  }

  @Test
  void outcome_stopped_passesWithoutAScenarioAlone() {
    assertThat(stopped(plan()).passed()).isTrue();
    for (Phase last : List.of(
        new Phase.KillServer(MINUTE, 100, null),
        new Phase.Hook(MINUTE, "true", null),
        new Phase.Steady(MINUTE))) {
      SimulatedFleet.Outcome outcome =
          stopped(plan(new Scenario("s", List.of(new Phase.Ramp(MINUTE), last))));
      assertThat(outcome.passed()).as(last.name()).isFalse();
      assertThat(outcome.toText()).contains("phase         ramp", "stopped       before its end");
    }
  }

  private static SimulatedFleet.Outcome stopped(FleetPlan plan) {
    return outcome(
        plan,
        device -> numbers().map(SimulatedFleetTest::stored).toList(),
        report(false, Map.of(), List.of(RAMP)));
  }

  private static void broken(SimulatedFleet.Outcome outcome, String how) {
    assertThat(outcome.exitCode()).isEqualTo(1);
    JsonNode json = outcome.toJson();
    assertThat(json.path("result").asText()).isEqualTo("failed");
    assertThat(json.path("seed").asLong()).isEqualTo(SEED);
    assertThat(json.path("history"))
        .extracting(JsonNode::asText)
        .containsExactly(how, "     1.000 s  online; 0 acknowledged until then");
    assertThat(outcome.toText())
        .contains(how, "1.000 s  online; 0 acknowledged until then")
        .endsWith("seed          " + SEED);
  }

  private static SimulatedFleet.Outcome outcome(StoredMessages store) {
    return outcome(store, report());
  }

  private static SimulatedFleet.Outcome outcome(StoredMessages store, RunReport report) {
    return outcome(plan(), store, report);
  }

  private static SimulatedFleet.Outcome outcome(
      FleetPlan plan, StoredMessages store, RunReport report) {
    LossLedger ledger = new LossLedger();
    ledger.note(RESTLESS, Duration.ofSeconds(1), "online");
    ledger.note(RESTLESS, Duration.ofSeconds(2), "offline: the connection was reset");
    ledger.note(QUIET, Duration.ofSeconds(1), "online");
    for (DeviceId device : List.of(RESTLESS, QUIET)) {
      numbers().forEach(number -> {
        StoredMessage sent = stored(number);
        ledger.sent(device, sent.identity(), sent.checksum());
        ledger.remember(device, sent.identity());
      });
    }
    LossLedger.Comparison compared = ledger.compare(store);
    return new SimulatedFleet.Outcome(
        plan, Instant.EPOCH, report, compared, ledger.explain(compared), null, "1.2.3");
  }

  private static Stream<Long> numbers() {
    return LongStream.rangeClosed(1, MESSAGES).boxed();
  }

  private static StoredMessage stored(long number) {
    return stored(number, 21.5);
  }

  private static StoredMessage stored(long number, double value) {
    return stored(number, value, false);
  }

  private static StoredMessage stored(long number, double value, boolean aside) {
    byte[] payload = SenmlJson.write(List.of(new Measurement(
        "t", null, Instant.ofEpochSecond(number), new Measurement.Value.Number(value))));
    return new StoredMessage(
        new MessageIdentity("b", number),
        "room",
        Duration.ofMillis(5),
        ContentChecksum.of("room", payload),
        aside);
  }

  private static FleetPlan plan() {
    return plan(Scenario.plain(Duration.ofSeconds(5), Duration.ZERO));
  }

  private static FleetPlan plan(Scenario scenario) {
    return new FleetPlan(
        FleetPlan.Client.LIGHT,
        2,
        1,
        Payload.CONSTANT,
        scenario,
        URI.create("https://localhost:1"),
        URI.create("mqtts://localhost:1"),
        MqttRelease.V5,
        Path.of("root.pem"),
        Path.of("state"),
        "sim-",
        SEED);
  }

  /** Nothing is wrong with it but, perhaps, what was stored. */
  private static RunReport report() {
    return report(Map.of());
  }

  private static RunReport report(Map<String, Long> deviceFailures) {
    return report(true, deviceFailures, List.of());
  }

  private static RunReport report(
      boolean completed, Map<String, Long> deviceFailures, List<RunReport.PhaseReport> phases) {
    return new RunReport(
        completed,
        SEED,
        Duration.ofSeconds(5),
        2,
        2,
        2,
        0,
        2 * MESSAGES,
        2 * MESSAGES,
        new TreeMap<>(deviceFailures),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        0,
        phases,
        List.of(),
        RunReport.ServerReport.NONE,
        Duration.ZERO,
        null);
  }
}
