/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.clock;

import java.util.UUID;

/**
 * When something happened.
 *
 * @param timeMs since 1970, by the device's clock
 * @param estimated whether the clock knew only that it cannot be earlier
 * @param machine names the start of the machine, over which its monotonic clock runs
 * @param ticks that clock, in nanoseconds; for correction
 */
public record Stamp(long timeMs, boolean estimated, UUID machine, long ticks) {}
