/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * All sensors that the kernel knows: IIO, hwmon, 1-wire and thermal zones. They are looked for anew
 * for each reading, because they come and go; one that is broken takes nothing from the others. Not
 * thread-safe; reading blocks, a 1-wire thermometer for most of a second.
 */
public final class SysfsSensors {
  private final List<SensorClass> classes;

  /** @param sys what is {@code /sys} on a machine, and a folder of the same make-up in a test */
  public SysfsSensors(Path sys) {
    this.classes = List.of(
        new Iio(sys.resolve("bus/iio/devices")),
        new Hwmon(sys.resolve("class/hwmon")),
        new OneWire(sys.resolve("bus/w1/devices")),
        new Thermal(sys.resolve("class/thermal")));
  }

  /** What all channels say now, each under a name of its own. */
  public List<Reading> read() {
    List<Reading> readings = new ArrayList<>();
    for (SensorClass sensors : classes) {
      for (SensorClass.Channel channel : sensors.discover()) {
        readings.add(channel.read());
      }
    }
    return List.copyOf(readings);
  }
}
