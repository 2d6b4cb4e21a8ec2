/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One value of one metric at one time.
 *
 * @param metric what was measured, for example {@code temperature}
 * @param unit a SenML unit (RFC 8428, 12.1), for example {@code Cel}; null if the device named none
 * @param time when it was measured, by the device's clock
 */
public record Measurement(String metric, @Nullable String unit, Instant time, Value value) {
  public Measurement {
    requireNonNull(metric, "metric");
    requireNonNull(time, "time");
    requireNonNull(value, "value");
  }

  /** What was measured. */
  public sealed interface Value {
    /** @param number finite */
    record Number(double number) implements Value {
      public Number {
        if (!Double.isFinite(number)) {
          throw new IllegalArgumentException("value: " + number + " (expected: a finite number)");
        }
      }
    }

    record Text(String text) implements Value {}

    record Bool(boolean bool) implements Value {}
  }
}
