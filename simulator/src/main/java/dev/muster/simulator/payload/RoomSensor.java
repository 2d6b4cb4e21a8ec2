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

/** A room: warmest in the afternoon, dry when warm, light at noon. */
final class RoomSensor implements Sensor {
  private static final double WARMEST_HOUR = 15;
  private static final double BRIGHTEST_HOUR = 12.5;

  private final double meanCelsius;
  private final double swingCelsius;
  private final double meanHumidity;
  private final double brightestLux;
  private final Drift temperature;
  private final Drift humidity;
  private final Drift clouds;

  RoomSensor(RandomGenerator random) {
    meanCelsius = random.nextDouble(19, 23);
    swingCelsius = random.nextDouble(0.8, 2.5);
    meanHumidity = random.nextDouble(38, 52);
    brightestLux = random.nextDouble(250, 900);
    temperature = new Drift(random, 0.25, Duration.ofMinutes(10));
    humidity = new Drift(random, 1.5, Duration.ofMinutes(15));
    clouds = new Drift(random, 0.15, Duration.ofMinutes(5));
  }

  @Override
  public String stream() {
    return "env";
  }

  @Override
  public List<Measurement> measure(Instant at) {
    double warmth = swingCelsius * DayCurve.at(at, WARMEST_HOUR) + temperature.at(at);
    double percent = meanHumidity - 2 * warmth + humidity.at(at);
    double sun = Math.max(0, DayCurve.at(at, BRIGHTEST_HOUR)) * (1 + clouds.at(at));
    return List.of(
        Sensor.number("temperature", "Cel", at, meanCelsius + warmth, 2),
        Sensor.number("humidity", "%RH", at, Math.min(95, Math.max(5, percent)), 1),
        Sensor.number("illuminance", "lx", at, Math.max(0, brightestLux * sun), 0));
  }
}
