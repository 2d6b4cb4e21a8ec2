/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.time.Instant;
import java.util.SplittableRandom;

/** A room sensor or an electricity meter, which tells its own status now and then. */
final class Household implements MessageSource {
  /** Of so many messages, the second tells the device's status, the others what it measures. */
  private static final int MESSAGES_PER_STATUS = 20;
  /** Of so many devices, one is a power meter, the others are room sensors. */
  private static final int DEVICES_PER_METER = 4;

  private final Sensor sensor;
  private final Sensor status;
  private long messages;

  Household(SplittableRandom random) {
    sensor = random.nextInt(DEVICES_PER_METER) == 0
        ? new PowerMeter(random.split())
        : new RoomSensor(random.split());
    status = new DeviceStatus(random.split());
  }

  @Override
  public Reading next(Instant at) {
    Sensor source = messages++ % MESSAGES_PER_STATUS == 1 ? status : sensor;
    return new Reading(source.stream(), source.measure(at));
  }
}
