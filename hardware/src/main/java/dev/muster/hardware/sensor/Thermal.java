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
        .map(zone -> (Channel) () -> read(zone))
        .toList();
  }

  private static Reading read(Path zone) {
    String number = zone.getFileName().toString().replace("thermal_zone", "");
    String name = "thermal." + number;
    try {
      name += "." + SysfsFiles.channel(SysfsFiles.text(zone.resolve("type")));
      double value = SysfsFiles.number(zone.resolve("temp")) / 1000;
      return new Reading(name, "Cel", value, Quality.GOOD);
    } catch (IOException e) {
      return new Reading(name, "Cel", 0, Quality.FAILED);
    }
  }
}
