/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.broker.telemetry.retention.Retention;
import org.jspecify.annotations.Nullable;

/**
 * Where telemetry is kept, for how long, and what is taken.
 *
 * @param database null: in a file of the broker's
 */
public record TelemetryConfig(
    TelemetryStorage.@Nullable Server database, Retention retention, IntakeLimits intake) {
  /** In a file of the broker's. */
  public static final TelemetryConfig DEFAULT =
      new TelemetryConfig(null, Retention.DEFAULT, IntakeLimits.DEFAULT);

  public TelemetryConfig {
    requireNonNull(retention, "retention");
    requireNonNull(intake, "intake");
  }
}
