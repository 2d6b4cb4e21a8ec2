/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Values as they come, to those who look on. */
@NullMarked
package dev.muster.broker.telemetry.live;

import org.jspecify.annotations.NullMarked;
