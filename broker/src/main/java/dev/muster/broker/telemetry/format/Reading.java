/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import dev.muster.protocol.telemetry.Measurement;
import java.time.Instant;
import java.util.List;

/** What a payload said. */
public sealed interface Reading {
  /** @param measurements in their order; at least one */
  record Readable(List<Measurement> measurements) implements Reading {
    public Readable {
      measurements = List.copyOf(measurements);
    }
  }

  /**
   * It can be read, but claims to be of the future.
   *
   * @param due when its time has come
   */
  record Early(String reason, Instant due) implements Reading {}

  /** @param reason why it is kept as a dead letter, fit for an operator */
  record Unreadable(String reason) implements Reading {
    /** So that it always fits where the store keeps it. */
    private static final int MAX_REASON = 300;

    public Unreadable {
      // It may quote what a stranger sent: one line of printable characters, of limited length.
      String shown = reason.replaceAll("[^\\x20-\\x7e]+", " ");
      reason = shown.substring(0, Math.min(MAX_REASON, shown.length()));
    }
  }

  /** Why a message is kept aside, which was not {@link Readable}. */
  static String reasonOf(Reading reading) {
    if (reading instanceof Unreadable unreadable) {
      return unreadable.reason();
    }
    if (reading instanceof Early early) {
      return early.reason();
    }
    throw new IllegalStateException("reading " + reading);
  }
}
