/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

/** Hears how far a run is. */
@FunctionalInterface
public interface ProgressListener {
  /** Listens to nothing. */
  ProgressListener NONE = progress -> {};

  /**
   * Called about five times a second on a thread of the simulation, one call at a time, and a last
   * time when everything has ended. It must not block.
   */
  void onProgress(Progress progress);
}
