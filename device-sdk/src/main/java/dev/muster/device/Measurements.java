/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads plain values as measurements. */
final class Measurements {
  private Measurements() {}

  /** @throws IllegalArgumentException if there is none, or one that cannot be sent */
  static List<Measurement> of(Map<String, ?> values, Instant time) {
    requireNonNull(values, "values");
    List<Measurement> measurements = new ArrayList<>(values.size());
    values.forEach((metric, value) ->
        measurements.add(new Measurement(metric, null, time, read(metric, value))));
    return measurements;
  }

  static List<Measurement> later(List<Measurement> measurements, Duration by) {
    return measurements.stream()
        .map(old -> new Measurement(old.metric(), old.unit(), old.time().plus(by), old.value()))
        .toList();
  }

  private static Value read(String metric, Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return new Value.Number(number.doubleValue());
    }
    if (value instanceof Boolean bool) {
      return new Value.Bool(bool);
    }
    if (value instanceof String text) {
      return new Value.Text(text);
    }
    throw new IllegalArgumentException(
        metric + ": " + value + " (expected: a finite number, a boolean or a string)");
  }
}
