/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.rollup.Rollup;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One point of a series.
 *
 * @param time of a value, or of the beginning of what the rollup is about
 * @param value a {@code Double}, a {@code String} or a {@code Boolean}; the mean of a rollup
 * @param rollup null: a value as it came
 */
public record Point(Instant time, Object value, @Nullable Rollup rollup) {
  static Point raw(Instant time, Object value) {
    return new Point(time, value, null);
  }

  static Point of(Instant time, Rollup rollup) {
    return new Point(time, rollup.mean(), rollup);
  }
}
