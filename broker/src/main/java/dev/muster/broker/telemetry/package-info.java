/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Telemetry: read, stored before it is acknowledged, and queried. */
@NullMarked
package dev.muster.broker.telemetry;

import org.jspecify.annotations.NullMarked;
