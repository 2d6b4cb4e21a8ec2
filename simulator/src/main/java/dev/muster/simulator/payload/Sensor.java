/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import dev.muster.protocol.telemetry.Measurement;
import java.time.Instant;
import java.util.List;

/**
 * Something that measures. What it returns depends on its random generator, on the times that it
 * was asked for, and on nothing else. Confined to one thread at a time.
 */
interface Sensor {
  /** The stream of its measurements. */
  String stream();

  /** What it measures at {@code at}; asked in the order of time. */
  List<Measurement> measure(Instant at);

  /** A number with so many decimals, as a sensor of that resolution would give it. */
  static Measurement number(String metric, String unit, Instant at, double value, int decimals) {
    double scale = Math.pow(10, decimals);
    return new Measurement(
        metric, unit, at, new Measurement.Value.Number(Math.round(value * scale) / scale));
  }
}
