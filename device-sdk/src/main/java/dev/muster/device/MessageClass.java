/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** How a message is kept until the broker has it, and which goes first. */
public enum MessageClass {
  /** Flushed to disk at once, and sent before all else. */
  ALARM,
  /**
   * Flushed to disk within a second, together with others; not at all if it is acknowledged by
   * then.
   */
  TELEMETRY,
  /** Kept in memory only, and sent when there is nothing else to send. */
  DEBUG
}
