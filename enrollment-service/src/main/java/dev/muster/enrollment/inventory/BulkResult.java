/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What became of a device in a bulk job.
 *
 * @param detail why it was refused, or what was done
 */
public record BulkResult(
    DeviceId device, State state, @Nullable String detail) {
  /** How far it is. */
  public enum State {
    WAITING,
    DONE,
    /** It was so already. */
    UNCHANGED,
    REFUSED,
    /** The job was cancelled before its turn. */
    CANCELLED;

    /** Lower case, as in JSON and in the database. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is no such state */
    public static State of(String label) {
      for (State state : values()) {
        if (state.label().equals(label)) {
          return state;
        }
      }
      throw new IllegalArgumentException("state: " + Quoted.of(label)
          + " (expected: waiting, done, unchanged, refused or cancelled)");
    }
  }
}
