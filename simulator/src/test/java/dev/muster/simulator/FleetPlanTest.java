/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.scenario.Expectations;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FleetPlanTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void serial_countsFromOne() {
    FleetPlan plan = Plans.plan(10_000, 1, MINUTE, Duration.ZERO, 1);
    assertThat(plan.serial(0)).isEqualTo("sim-0001");
    assertThat(plan.serial(9999)).isEqualTo("sim-10000");
  }

  @Test
  void plan_outOfBounds_isRefusedByName() {
    refused(
        () -> Plans.plan(0, 1, MINUTE, MINUTE, 1),
        "devices: 0 (expected: 1 to 1000 with the client sdk)");
    refused(() -> Plans.plan(100_001, 1, MINUTE, MINUTE, 1), "devices: 100001 (");
    refused(() -> Plans.plan(1, 0, MINUTE, MINUTE, 1), "messagesPerSecond: 0.0 (");
    refused(() -> Plans.plan(1, Double.NaN, MINUTE, MINUTE, 1), "messagesPerSecond: NaN (");
    refused(() -> Plans.plan(1, 1001, MINUTE, MINUTE, 1), "messagesPerSecond: 1001.0 (");
    refused(() -> Plans.plan(1, 1, Duration.ZERO, Duration.ZERO, 1), "duration: PT0S (");
    refused(() -> Plans.plan(1, 1, MINUTE, MINUTE.plusMillis(1), 1), "rampUp: PT1M0.001S (");
    refused(() -> Plans.plan(1, 1, MINUTE, MINUTE.negated(), 1), "rampUp: PT-1M (");
    refused(
        () -> Plans.scenario(62, offlineAtEnd(62)),
        "offline-at-end: 62.0 (expected: fewer than there are devices, 62)");
    refused(() -> withUris("http://a:1", "mqtts://b:2", "s"), "enrollment: http://a:1 (");
    refused(() -> withUris("https://a:1", "mqtt://b:2", "s"), "broker: mqtt://b:2 (");
    refused(
        () -> overCoap(FleetPlan.Client.SDK, 201), "devices: 201 (expected: 1 to 200 over CoAP)");
    refused(() -> overCoap(FleetPlan.Client.LIGHT, 1), "client: light (expected: sdk, over CoAP)");
    refused(() -> withUris("https://a:1", "mqtts://b:2", "../s"), "serialPrefix: \"../s\" (");
  }

  @Test
  void plan_brokerWithoutAPort_hasTheUsualOne() {
    assertThat(withUris("https://a", "mqtts://b", "s").broker())
        .isEqualTo(URI.create("mqtts://b:8883"));
    assertThat(plan(FleetPlan.Client.SDK, 1, "coaps://a", "coaps://[::1]", "s").broker())
        .isEqualTo(URI.create("coaps://[::1]:5684"));
  }

  @Test
  void plan_withoutAHost_isRefused() {
    for (String broker : List.of("mqtts://my_broker:8883", "mqtts:b", "mqtts://b:65536")) {
      refused(
          () -> withUris("https://a:1", broker, "s"),
          "broker: " + broker + " (expected: like mqtts://broker.example:8883");
    }
    refused(() -> withUris("https://a_b:1", "mqtts://b:2", "s"), "enrollment: https://a_b:1 (");
  }

  @Test
  void plan_networkOfTheSdk_isOnThisMachine_andOfMqtt() {
    for (String here : List.of("localhost", "127.0.0.1", "[::1]")) {
      assertThat(partition("https://" + here + ":1", "mqtts://" + here + ":2").hasFaultyNetwork())
          .isTrue();
    }
    refused(
        () -> partition("https://b:1", "mqtts://b:2"),
        "broker: mqtts://b:2 (expected: mqtts://localhost:port with the client sdk,"
            + " because the scenario has the phase partition)");
    refused(
        () -> partition("coaps://localhost:1", "coaps://localhost:2"),
        "broker: coaps://localhost:2 (expected: mqtts://localhost:port");
    refused(
        () -> Plans.scenario(
            FleetPlan.Client.SDK, 1, new Phase.Ramp(MINUTE), new Phase.Rotation(MINUTE, 1)),
        "client: sdk (expected: light, because the scenario has the phase rotation)");
  }

  private static FleetPlan partition(String enrollment, String broker) {
    Path path = Path.of("x");
    return new FleetPlan(
        FleetPlan.Client.SDK,
        1,
        1,
        Payload.CONSTANT,
        new Scenario("s", List.of(new Phase.Ramp(MINUTE), new Phase.Partition(MINUTE, 1))),
        URI.create(enrollment),
        URI.create(broker),
        MqttRelease.V5,
        path,
        path,
        "s",
        1);
  }

  private static Scenario offlineAtEnd(double most) {
    return new Scenario(
        "s",
        List.of(new Phase.Ramp(MINUTE)),
        new Expectations(null, null, null, most, null, null, null, null, null));
  }

  private static FleetPlan withUris(String enrollment, String broker, String prefix) {
    return plan(FleetPlan.Client.SDK, 1, enrollment, broker, prefix);
  }

  private static FleetPlan overCoap(FleetPlan.Client client, int devices) {
    return plan(client, devices, "coaps://a:1", "coaps://b:2", "s");
  }

  private static FleetPlan plan(
      FleetPlan.Client client, int devices, String enrollment, String broker, String prefix) {
    Path path = Path.of("x");
    return new FleetPlan(
        client,
        devices,
        1,
        Payload.CONSTANT,
        Scenario.plain(MINUTE, MINUTE),
        URI.create(enrollment),
        URI.create(broker),
        MqttRelease.V5,
        path,
        path,
        prefix,
        1);
  }

  private static void refused(Runnable making, String message) {
    assertThatIllegalArgumentException().isThrownBy(making::run).withMessageStartingWith(message);
  }
}
