/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import dev.muster.hardware.sensor.Reading.Quality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Hardware monitoring (the kernel's Documentation/hwmon/sysfs-interface). */
final class Hwmon implements SensorClass {
  private static final Pattern INPUT = Pattern.compile("(([a-z]+)[0-9]+)_input");

  /** What the kernel's unit is multiplied with, and the unit then. */
  private record Kind(double factor, String unit) {}

  private static final Map<String, Kind> KINDS = Map.of(
      "temp", new Kind(0.001, "Cel"),
      "in", new Kind(0.001, "V"),
      "curr", new Kind(0.001, "A"),
      "power", new Kind(0.000_001, "W"),
      "energy", new Kind(0.000_001, "J"),
      "humidity", new Kind(0.001, "%RH"),
      "fan", new Kind(1.0 / 60, "Hz")); // Revolutions: a minute to a second.

  /** The same thermometers as in {@link OneWire}, without the verdict of the checksum. */
  private static final String ONE_WIRE = "w1_slave_temp";

  private final Path devices;

  Hwmon(Path devices) {
    this.devices = devices;
  }

  @Override
  public List<Channel> discover() {
    List<Channel> channels = new ArrayList<>();
    Map<Path, String> chips =
        SysfsFiles.chips(SysfsFiles.list(devices, "hwmon*"), device -> device.resolve("device"));
    chips.values().removeIf(chip -> chip.startsWith(ONE_WIRE));
    chips.forEach((device, chip) -> channels.addAll(channels(device, "hwmon." + chip)));
    return channels;
  }

  private static List<Channel> channels(Path device, String chip) {
    List<Channel> channels = new ArrayList<>();
    for (Path file : SysfsFiles.list(device, "*_input")) {
      Matcher input = INPUT.matcher(file.getFileName().toString());
      Kind kind = input.matches() ? KINDS.get(input.group(2)) : null;
      if (kind != null) {
        Path fault = device.resolve(input.group(1) + "_fault");
        String name = chip + "." + input.group(1);
        channels.add(
            new Channel(device.toString(), name, kind.unit(), () -> read(file, fault, name, kind)));
      }
    }
    return channels;
  }

  private static Reading read(Path file, Path fault, String name, Kind kind) {
    try {
      double value = SysfsFiles.number(file) * kind.factor();
      boolean faulty = Files.exists(fault) && SysfsFiles.number(fault) != 0;
      return new Reading(name, kind.unit(), value, faulty ? Quality.SUSPECT : Quality.GOOD);
    } catch (IOException e) {
      return new Reading(name, kind.unit(), 0, Quality.FAILED);
    }
  }
}
