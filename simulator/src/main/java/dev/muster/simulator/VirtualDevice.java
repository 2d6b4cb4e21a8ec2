/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.payload.MessageSource;
import dev.muster.simulator.payload.Reading;
import java.time.Instant;
import java.util.SplittableRandom;

/**
 * One device of a plan: what it measures, and when. The same plan and number make the same device,
 * whatever the others do.
 */
final class VirtualDevice {
  private static final double NANOS_PER_SECOND = 1e9;

  private final String serial;
  private final double periodNanos;
  private final double phaseNanos;
  private final MessageSource messages;

  VirtualDevice(FleetPlan plan, int index) {
    // A generator for each device, so that it stays the same when the fleet grows. The plan's seed
    // is mixed first: SplittableRandom's of neighbouring states would repeat each other.
    long fleetSeed = new SplittableRandom(plan.seed()).nextLong();
    SplittableRandom random = new SplittableRandom(fleetSeed + index);
    serial = plan.serial(index);
    periodNanos = NANOS_PER_SECOND / plan.messagesPerSecond();
    phaseNanos = random.nextDouble(periodNanos);
    messages = plan.payload().source(random);
  }

  String serial() {
    return serial;
  }

  /** How long after it came online the first message is due. */
  double phaseNanos() {
    return phaseNanos;
  }

  /**
   * How long after a message was due the next one is; at the usual rate, and however long the first
   * took: arrivals are open-loop.
   */
  double periodNanos() {
    return periodNanos;
  }

  /** The next message, measured at {@code at}. */
  Reading next(Instant at) {
    return messages.next(at);
  }
}
