/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import dev.muster.protocol.telemetry.Measurement;
import java.util.List;

/** A message to be sent. */
public record Reading(String stream, List<Measurement> measurements) {
  public Reading {
    measurements = List.copyOf(measurements);
  }
}
