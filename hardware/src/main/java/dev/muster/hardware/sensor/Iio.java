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
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Industrial I/O (the kernel's Documentation/ABI/testing/sysfs-bus-iio). {@code in_temp_input} is
 * processed; of {@code in_temp_raw} the value is {@code (raw + offset) * scale}, where offset and
 * scale may be of the channel or of all channels of its kind.
 */
final class Iio implements SensorClass {
  /** Of one input, or of the difference between two: {@code in_voltage0-voltage1_raw}. */
  private static final Pattern INPUT = Pattern.compile(
      "in_(([a-z]+)[0-9]*(?:-[a-z]+[0-9]+)?(?:_(?!raw|input)[a-z0-9]+)*)_(raw|input)");

  private static final Pattern OF_ONE =
      Pattern.compile("(in_[a-z]+)[0-9]*(?:(-[a-z]+)[0-9]+)?(?:_[a-z0-9]+)*_raw");

  /** What the kernel's unit is multiplied with, and the unit then. */
  private record Kind(double factor, String unit) {}

  private static final Map<String, Kind> KINDS = Map.ofEntries(
      Map.entry("temp", new Kind(0.001, "Cel")),
      Map.entry("pressure", new Kind(1000, "Pa")),
      Map.entry("humidityrelative", new Kind(0.001, "%RH")),
      Map.entry("illuminance", new Kind(1, "lx")),
      Map.entry("voltage", new Kind(0.001, "V")),
      Map.entry("current", new Kind(0.001, "A")),
      Map.entry("power", new Kind(0.001, "W")),
      Map.entry("accel", new Kind(1, "m/s2")),
      Map.entry("distance", new Kind(1, "m")),
      Map.entry("resistance", new Kind(1, "Ohm")));

  private final Path devices;

  Iio(Path devices) {
    this.devices = devices;
  }

  @Override
  public List<Channel> discover() {
    List<Channel> channels = new ArrayList<>();
    SysfsFiles.chips(SysfsFiles.list(devices, "iio:device*"), device -> device.resolve(".."))
        .forEach((device, chip) -> channels.addAll(channels(device, "iio." + chip)));
    return channels;
  }

  private static List<Channel> channels(Path device, String chip) {
    List<Channel> channels = new ArrayList<>();
    for (Path file : SysfsFiles.list(device, "in_*")) {
      Matcher input = INPUT.matcher(file.getFileName().toString());
      Kind kind = input.matches() ? KINDS.get(input.group(2)) : null;
      boolean better = input.matches()
          && input.group(3).equals("raw")
          && Files.exists(device.resolve("in_" + input.group(1) + "_input"));
      if (kind != null && !better) {
        String name = chip + "." + input.group(1);
        channels.add(
            new Channel(device.toString(), name, kind.unit(), () -> read(file, name, kind)));
      }
    }
    return channels;
  }

  private static Reading read(Path file, String name, Kind kind) {
    try {
      double value = SysfsFiles.number(file);
      String text = file.getFileName().toString();
      if (text.endsWith("_raw")) {
        value = (value + shared(file, "offset", 0)) * shared(file, "scale", 1);
      }
      return new Reading(name, kind.unit(), value * kind.factor(), Quality.GOOD);
    } catch (IOException e) {
      return new Reading(name, kind.unit(), 0, Quality.FAILED);
    }
  }

  /**
   * Of the channel {@code in_voltage0_raw}: {@code in_voltage0_scale}, else
   * {@code in_voltage_scale}.
   */
  private static double shared(Path raw, String what, double none) throws IOException {
    String name = raw.getFileName().toString();
    OptionalDouble own =
        SysfsFiles.optionalNumber(raw.resolveSibling(name.replaceFirst("_raw$", "_" + what)));
    if (own.isPresent()) {
      return own.getAsDouble();
    }
    Matcher ofOne = OF_ONE.matcher(name);
    String ofAll = ofOne.replaceFirst("$1$2_" + what);
    return SysfsFiles.optionalNumber(raw.resolveSibling(ofAll)).orElse(none);
  }
}
