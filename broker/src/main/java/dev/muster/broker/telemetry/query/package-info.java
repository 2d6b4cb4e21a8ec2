/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What is asked of the telemetry: newest values, raw ones, series from the tier that fits. */
@NullMarked
package dev.muster.broker.telemetry.query;

import org.jspecify.annotations.NullMarked;
