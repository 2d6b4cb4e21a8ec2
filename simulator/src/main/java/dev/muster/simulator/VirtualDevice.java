/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.payload.DeviceStatus;
import dev.muster.simulator.payload.PowerMeter;
import dev.muster.simulator.payload.Reading;
import dev.muster.simulator.payload.RoomSensor;
import dev.muster.simulator.payload.Sensor;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;

/**
 * What one device of a plan is and does, without any network: its serial number, its sensors, and
 * when it sends. The same plan and index give the same device. Confined to one thread at a time.
 */
final class VirtualDevice {
  /** Of so many messages, the second tells the device's status, the others what it measures. */
  private static final int MESSAGES_PER_STATUS = 20;
  /** Of so many devices, one is a power meter, the others are room sensors. */
  private static final int DEVICES_PER_METER = 4;

  private static final double NANOS_PER_SECOND = 1e9;

  private final String serial;
  private final double periodNanos;
  private final double phaseNanos;
  private final Sensor sensor;
  private final Sensor status;
  private long messages;

  VirtualDevice(FleetPlan plan, int index) {
    // A generator for each device, so that it stays the same when the fleet grows. The plan's seed
    // is
    // mixed first: SplittableRandom's of neighbouring states would repeat each other.
    long fleetSeed = new SplittableRandom(plan.seed()).nextLong();
    SplittableRandom random = new SplittableRandom(fleetSeed + index);
    serial = plan.serial(index);
    periodNanos = NANOS_PER_SECOND / plan.messagesPerSecond();
    phaseNanos = random.nextDouble(periodNanos);
    sensor = random.nextInt(DEVICES_PER_METER) == 0
        ? new PowerMeter(random.split())
        : new RoomSensor(random.split());
    status = new DeviceStatus(random.split());
  }

  String serial() {
    return serial;
  }

  /**
   * When message {@code number}, counted from 0, is due after the device came online. It does not
   * depend on how long earlier messages took: arrivals are open-loop.
   */
  Duration due(long number) {
    return Duration.ofNanos((long) (phaseNanos + number * periodNanos));
  }

  /** The next message, measured at {@code at}. */
  Reading next(Instant at) {
    Sensor source = messages++ % MESSAGES_PER_STATUS == 1 ? status : sensor;
    return new Reading(source.stream(), source.measure(at));
  }
}
