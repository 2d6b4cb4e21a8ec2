/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import dev.muster.hardware.sensor.Reading.Quality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Thermal zones of the chip itself (the kernel's Documentation/driver-api/thermal/sysfs-api). */
final class Thermal implements SensorClass {
  private final Path zones;

  Thermal(Path zones) {
    this.zones = zones;
  }

  @Override
  public List<Channel> discover() {
    return SysfsFiles.list(zones, "thermal_zone*").stream()
        .map(Thermal::channel)
        .toList();
  }

  private static Channel channel(Path zone) {
    String name = "thermal." + zone.getFileName().toString().replace("thermal_zone", "");
    try {
      String full = name + "." + SysfsFiles.channel(SysfsFiles.text(zone.resolve("type")));
      return new Channel(zone.toString(), full, "Cel", () -> read(zone, full));
    } catch (IOException e) {
      return new Channel(
          zone.toString(), name, "Cel", () -> new Reading(name, "Cel", 0, Quality.FAILED));
    }
  }

  private static Reading read(Path zone, String name) {
    try {
      double value = SysfsFiles.number(zone.resolve("temp")) / 1000;
      return new Reading(name, "Cel", value, Quality.GOOD);
    } catch (IOException e) {
      return new Reading(name, "Cel", 0, Quality.FAILED);
    }
  }
}
