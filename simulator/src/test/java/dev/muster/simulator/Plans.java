/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/** Plans for tests. */
final class Plans {
  private Plans() {}

  static FleetPlan plan(int devices, double rate, Duration duration, Duration rampUp, long seed) {
    return new FleetPlan(
        devices > 1000 ? FleetPlan.Client.LIGHT : FleetPlan.Client.SDK,
        devices,
        rate,
        duration,
        rampUp,
        URI.create("https://localhost:8443"),
        URI.create("mqtts://localhost:8883"),
        Path.of("root.pem"),
        Path.of("state"),
        "sim-",
        seed);
  }
}
