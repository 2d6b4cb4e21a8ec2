/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import dev.muster.hardware.sensor.SensorClass.Channel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * All sensors that the kernel knows: IIO, hwmon, 1-wire and thermal zones. They are looked for anew
 * for each reading, because they come and go; one that is broken, or does not answer, takes nothing
 * from the others. Not thread-safe; reading blocks, a 1-wire thermometer for most of a second. Has
 * one thread, and one more for each driver that does not answer, up to four.
 */
public final class SysfsSensors {
  /** Several times as long as the slowest takes. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final List<SensorClass> classes;
  private final DriverThreads drivers;

  /** @param sys what is {@code /sys} on a machine, and a folder of the same make-up in a test */
  public SysfsSensors(Path sys) {
    this(sys, PATIENCE);
  }

  /** @param patience with one driver */
  SysfsSensors(Path sys, Duration patience) {
    this.drivers = new DriverThreads(patience);
    this.classes = List.of(
        new Iio(sys.resolve("bus/iio/devices")),
        new Hwmon(sys.resolve("class/hwmon")),
        new OneWire(sys.resolve("bus/w1/devices")),
        new Thermal(sys.resolve("class/thermal")));
  }

  /**
   * What all channels say now, each under a name of its own; nothing if the thread is interrupted.
   * A channel that does not answer within five seconds has failed, and is not asked again until it
   * has answered.
   */
  public List<Reading> read() {
    List<Reading> readings = new ArrayList<>();
    try {
      for (SensorClass sensors : classes) {
        String kind = sensors.getClass().getSimpleName();
        for (Channel channel : drivers.ask(kind, sensors::discover).orElse(List.of())) {
          readings.add(drivers.ask(channel.driver(), channel.read()).orElseGet(channel::failed));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
    return List.copyOf(readings);
  }

  /** Whether so many drivers do not answer that no others are asked. */
  public boolean isHeldUp() {
    return drivers.areUsedUp();
  }
}
