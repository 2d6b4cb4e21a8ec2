/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import dev.muster.protocol.telemetry.Measurement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What a device says about itself: a battery that drains, and how long it runs. */
final class DeviceStatus implements Sensor {
  private static final double EMPTY_VOLTS = 3.3;
  private static final double FULL_VOLTS = 4.15;
  private static final double SECONDS_PER_DAY = 86_400;

  private final double startPercent;
  private final double percentPerDay;
  private final Drift voltageNoise;
  private @Nullable Instant boot;

  DeviceStatus(RandomGenerator random) {
    startPercent = random.nextDouble(55, 100);
    percentPerDay = random.nextDouble(0.2, 3);
    voltageNoise = new Drift(random, 0.005, Duration.ofSeconds(30));
  }

  @Override
  public String stream() {
    return "status";
  }

  @Override
  public List<Measurement> measure(Instant at) {
    if (boot == null) {
      boot = at;
    }
    double uptimeSeconds = Duration.between(boot, at).toMillis() / 1000.0;
    double percent = Math.max(0, startPercent - percentPerDay * uptimeSeconds / SECONDS_PER_DAY);
    double volts = EMPTY_VOLTS + (FULL_VOLTS - EMPTY_VOLTS) * percent / 100 + voltageNoise.at(at);
    return List.of(
        Sensor.number("battery", "%EL", at, percent, 2),
        Sensor.number("voltage", "V", at, volts, 3),
        Sensor.number("uptime", "s", at, uptimeSeconds, 0));
  }
}
