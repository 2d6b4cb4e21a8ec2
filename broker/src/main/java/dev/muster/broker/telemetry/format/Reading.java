/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import dev.muster.protocol.telemetry.Measurement;
import java.util.List;

/** What a payload said. */
public sealed interface Reading {
  /** @param measurements in their order; at least one */
  record Readable(List<Measurement> measurements) implements Reading {
    public Readable {
      measurements = List.copyOf(measurements);
    }
  }

  /** @param reason why it is kept as a dead letter, fit for an operator */
  record Unreadable(String reason) implements Reading {}
}
