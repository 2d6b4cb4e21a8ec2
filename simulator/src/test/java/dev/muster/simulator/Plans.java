/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Plans for tests. */
final class Plans {
  private Plans() {}

  static FleetPlan plan(int devices, double rate, Duration duration, Duration rampUp, long seed) {
    return plan(
        devices > 1000 ? FleetPlan.Client.LIGHT : FleetPlan.Client.SDK,
        devices,
        rate,
        seed,
        Scenario.plain(duration, rampUp));
  }

  /** Of a light fleet. */
  static FleetPlan scenario(int devices, double rate, long seed, Phase... phases) {
    return plan(FleetPlan.Client.LIGHT, devices, rate, seed, new Scenario("test", List.of(phases)));
  }

  static FleetPlan scenario(FleetPlan.Client client, int devices, Phase... phases) {
    return plan(client, devices, 1, 1, new Scenario("test", List.of(phases)));
  }

  static FleetPlan scenario(int devices, Scenario scenario) {
    return plan(FleetPlan.Client.LIGHT, devices, 1, 1, scenario);
  }

  private static FleetPlan plan(
      FleetPlan.Client client, int devices, double rate, long seed, Scenario scenario) {
    return new FleetPlan(
        client,
        devices,
        rate,
        Payload.DAY_CURVE,
        scenario,
        URI.create("https://localhost:8443"),
        // Where nobody listens, so that nobody is looked at.
        URI.create("mqtts://localhost:1"),
        MqttRelease.V5,
        Path.of("root.pem"),
        Path.of("state"),
        "sim-",
        seed);
  }
}
