/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

/** Wants to know what was stored. */
@FunctionalInterface
public interface StoredListener {
  /** Wants to know nothing. */
  StoredListener NOBODY = message -> {};

  /**
   * A message is in the database which was not there before. Called on the thread that stores; must
   * return soon and not throw.
   */
  void stored(TelemetryMessage message);

  /** Whether somebody waits to see what comes: then it is stored the sooner. Any thread. */
  default boolean isWatching() {
    return false;
  }
}
