/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

/** Time, and things to do at a time; simulated in tests. */
interface Timeline {
  /** Nanoseconds since some moment; never goes back. */
  long nanos();

  /**
   * Runs a task that does not block at {@code nanos}; at once, but later than now, if that is past.
   */
  void at(long nanos, Runnable task);

  /** Runs a task that may block, beside the others. */
  void blocking(Runnable task);
}
