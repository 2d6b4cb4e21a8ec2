/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** How far the clocks of devices are off. */
@NullMarked
package dev.muster.broker.telemetry.skew;

import org.jspecify.annotations.NullMarked;
