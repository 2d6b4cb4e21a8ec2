/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.telemetry.Measurement;
import dev.muster.simulator.payload.Reading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class VirtualDeviceTest {
  private static final Instant MIDNIGHT = Instant.parse("2026-11-21T00:00:00Z");

  @Test
  void next_sameSeedAndIndex_givesTheSameReadings() {
    assertThat(day(10, 7, 3)).isEqualTo(day(10, 7, 3));
    assertThat(day(10, 7, 3)).isNotEqualTo(day(10, 7, 4));
    assertThat(day(10, 7, 3)).isNotEqualTo(day(10, 8, 3));
  }

  @Test
  void next_largerFleet_keepsItsDevices() {
    assertThat(day(1000, 7, 3)).isEqualTo(day(10, 7, 3));
  }

  @Test
  void next_overADay_staysPlausible() {
    Map<String, double[]> bounds = Map.of(
        "env/temperature", new double[] {12, 30},
        "env/humidity", new double[] {5, 95},
        "env/illuminance", new double[] {0, 2000},
        "power/power", new double[] {5, 4000},
        "power/voltage", new double[] {215, 245},
        "power/current", new double[] {0, 20},
        "power/energy", new double[] {1e9, 6e10},
        "status/battery", new double[] {0, 100},
        "status/voltage", new double[] {3.2, 4.3},
        "status/uptime", new double[] {0, 86_401});
    Set<String> seen = new HashSet<>();
    for (int index = 0; index < 20; index++) {
      for (Reading reading : day(20, 1, index)) {
        for (Measurement measurement : reading.measurements()) {
          String name = reading.stream() + "/" + measurement.metric();
          seen.add(name);
          assertThat(value(measurement))
              .as(name)
              .isBetween(bounds.get(name)[0], bounds.get(name)[1]);
          assertThat(measurement.unit()).isNotNull();
        }
      }
    }
    assertThat(seen).isEqualTo(bounds.keySet());
  }

  @Test
  void next_room_isWarmerInTheAfternoonThanAtNight() {
    double night = 0;
    double afternoon = 0;
    for (int index = 0; index < 20; index++) {
      night += mean(day(20, 1, index), "temperature", 2, 4);
      afternoon += mean(day(20, 1, index), "temperature", 14, 16);
    }
    assertThat(afternoon).isGreaterThan(night + 20);
  }

  @Test
  void next_energyAndBattery_goOneWay() {
    for (int index = 0; index < 20; index++) {
      Map<String, Double> last = new HashMap<>();
      for (Reading reading : day(20, 1, index)) {
        for (Measurement measurement : reading.measurements()) {
          double value = value(measurement);
          if (measurement.metric().equals("energy")) {
            assertThat(value).isGreaterThanOrEqualTo(last.getOrDefault("energy", 0.0));
          } else if (measurement.metric().equals("battery")) {
            assertThat(value).isLessThanOrEqualTo(last.getOrDefault("battery", 100.0));
          }
          last.put(measurement.metric(), value);
        }
      }
    }
  }

  @Test
  void phases_areSpreadOverThePeriod() {
    DoubleSummaryStatistics phases = IntStream.range(0, 200)
        .mapToObj(index -> device(200, 1, index))
        .peek(device -> assertThat(device.periodNanos()).isEqualTo(5e8))
        .mapToDouble(VirtualDevice::phaseNanos)
        .summaryStatistics();
    assertThat(phases.getMin()).isBetween(0.0, 25e6);
    assertThat(phases.getMax()).isBetween(475e6, 500e6);
  }

  private static List<Reading> day(int devices, long seed, int index) {
    VirtualDevice device = device(devices, seed, index);
    List<Reading> readings = new ArrayList<>();
    for (int minute = 0; minute < 24 * 60; minute++) {
      readings.add(device.next(MIDNIGHT.plus(Duration.ofMinutes(minute))));
    }
    return readings;
  }

  private static VirtualDevice device(int devices, long seed, int index) {
    return new VirtualDevice(
        Plans.plan(devices, 2, Duration.ofMinutes(1), Duration.ZERO, seed), index);
  }

  /** Zero for a device that does not measure it. */
  private static double mean(List<Reading> readings, String metric, int fromHour, int toHour) {
    return readings.stream()
        .flatMap(reading -> reading.measurements().stream())
        .filter(measurement -> measurement.metric().equals(metric))
        .filter(measurement -> {
          double hours = Duration.between(MIDNIGHT, measurement.time()).toMinutes() / 60.0;
          return hours >= fromHour && hours < toHour;
        })
        .mapToDouble(VirtualDeviceTest::value)
        .average()
        .orElse(0);
  }

  private static double value(Measurement measurement) {
    return ((Measurement.Value.Number) measurement.value()).number();
  }
}
