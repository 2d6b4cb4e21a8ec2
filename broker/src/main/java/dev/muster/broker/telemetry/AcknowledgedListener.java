/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

/** Wants to know what was acknowledged. */
@FunctionalInterface
public interface AcknowledgedListener {
  /** Wants to know nothing. */
  AcknowledgedListener NOBODY = message -> {};

  /**
   * A message that can be read is on stable storage, and is in the database or will be; unless it
   * turns out there that it was sent before, or is of one series too many. Called on the thread
   * that acknowledges; must return at once and not throw.
   */
  void acknowledged(TelemetryMessage message);
}
