/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import dev.muster.hardware.sensor.Reading.Quality;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Thermometers on a 1-wire bus (the kernel's Documentation/w1/slaves/w1_therm): {@code w1_slave}
 * has two lines, the first with the verdict of the checksum, the second with thousandths of a
 * degree.
 */
final class OneWire implements SensorClass {
  private static final Pattern CHECKED =
      Pattern.compile("crc=[0-9a-f]{2} (YES|NO)\\b.*\\bt=(-?[0-9]{1,6})$", Pattern.DOTALL);

  /** What a bus without a pull-up, or shorted to ground, says for every sensor. */
  private static final String NOTHING_BUT_ZEROS = "00 00 00 00 00 00 00 00 00 :";

  /** What a DS18B20 says that has lost its power since it was asked to measure. */
  private static final double POWER_ON = 85.0;

  private final Path devices;

  OneWire(Path devices) {
    this.devices = devices;
  }

  @Override
  public List<Channel> discover() {
    // DS18S20, DS1822, DS18B20, DS1825, DS28EA00.
    return SysfsFiles.list(devices, "{10,22,28,3b,42}-*").stream()
        .map(this::channel)
        .toList();
  }

  /** They take turns on their bus, and who holds it up holds up all of them. */
  private Channel channel(Path device) {
    String name = "w1." + SysfsFiles.channel(device.getFileName().toString());
    return new Channel(devices.toString(), name, "Cel", () -> read(device, name));
  }

  private static Reading read(Path device, String name) {
    try {
      String text = SysfsFiles.text(device.resolve("w1_slave"));
      Matcher lines = CHECKED.matcher(text);
      // The checksum of zeros is zero, and fits.
      if (!lines.find() || text.startsWith(NOTHING_BUT_ZEROS)) {
        return new Reading(name, "Cel", 0, Quality.FAILED);
      }
      if (lines.group(1).equals("NO")) {
        return new Reading(name, "Cel", 0, Quality.DAMAGED);
      }
      double value = Integer.parseInt(lines.group(2)) / 1000.0;
      return new Reading(name, "Cel", value, value == POWER_ON ? Quality.SUSPECT : Quality.GOOD);
    } catch (IOException e) {
      return new Reading(name, "Cel", 0, Quality.FAILED);
    }
  }
}
