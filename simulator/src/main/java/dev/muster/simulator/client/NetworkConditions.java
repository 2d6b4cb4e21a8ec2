/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.time.Duration;

/**
 * What the network does to a device's bytes, in each direction.
 *
 * @param delay one way
 * @param bytesPerSecond so many at most; 0: no limit
 * @param loss share of packets that are lost. TCP sends them again, so that a loss is a wait, for
 *     them and for all that is behind them
 * @param silent nothing arrives and nobody is told; what is on its way arrives when this ends, as
 *     TCP sends again what was lost
 */
public record NetworkConditions(
    Duration delay, double bytesPerSecond, double loss, boolean silent) {
  /** Everything passes at once. */
  public static final NetworkConditions GOOD = new NetworkConditions(Duration.ZERO, 0, 0, false);

  /** Nothing passes. */
  public static final NetworkConditions SILENT = new NetworkConditions(Duration.ZERO, 0, 0, true);
}
