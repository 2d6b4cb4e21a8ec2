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

/** A household's meter: a base load, the evening's, and appliances that switch on and off. */
final class PowerMeter implements Sensor {
  private static final double EVENING_HOUR = 19;
  private static final double NOMINAL_VOLTS = 230;

  private final RandomGenerator random;
  private final double baseWatts;
  private final double eveningWatts;
  private final double applianceWatts;
  private final Drift load;
  private final Drift grid;
  private double joules;
  private Instant switchAt = Instant.MIN;
  private boolean on;
  private @Nullable Instant last;

  PowerMeter(RandomGenerator random) {
    this.random = random;
    baseWatts = random.nextDouble(80, 250);
    eveningWatts = random.nextDouble(100, 600);
    applianceWatts = random.nextDouble(900, 2200);
    joules = random.nextDouble(1e9, 5e10);
    load = new Drift(random, 15, Duration.ofMinutes(2));
    grid = new Drift(random, 1.5, Duration.ofMinutes(1));
  }

  @Override
  public String stream() {
    return "power";
  }

  @Override
  public List<Measurement> measure(Instant at) {
    double evening = Math.max(0, DayCurve.at(at, EVENING_HOUR));
    double appliance = applianceOn(at) ? applianceWatts : 0;
    double watts = Math.max(5, baseWatts + eveningWatts * evening + appliance + load.at(at));
    double volts = NOMINAL_VOLTS + grid.at(at);
    joules += last == null ? 0 : watts * Duration.between(last, at).toMillis() / 1000.0;
    last = at;
    return List.of(
        Sensor.number("power", "W", at, watts, 1),
        Sensor.number("voltage", "V", at, volts, 1),
        Sensor.number("current", "A", at, watts / volts, 3),
        Sensor.number("energy", "J", at, joules, 0));
  }

  /** On for some minutes, off for rather longer. */
  private boolean applianceOn(Instant at) {
    if (switchAt.equals(Instant.MIN)) {
      on = random.nextInt(4) == 0;
      switchAt = at.plusSeconds(random.nextInt(600));
    }
    while (!at.isBefore(switchAt)) {
      on = !on;
      switchAt = switchAt.plusSeconds(on ? random.nextInt(60, 600) : random.nextInt(120, 2400));
    }
    return on;
  }
}
