/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.time.Duration;

/**
 * What the network does to a device's bytes.
 *
 * @param delay one way
 * @param silent nothing arrives, in neither direction, and nobody is told; what is on its way
 *     arrives when this ends, as TCP sends again what was lost
 */
public record NetworkConditions(Duration delay, boolean silent) {
  /** Everything passes at once. */
  public static final NetworkConditions GOOD = new NetworkConditions(Duration.ZERO, false);
}
