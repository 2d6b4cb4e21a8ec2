/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What is old goes, in slices that nobody notices. */
@NullMarked
package dev.muster.broker.telemetry.retention;

import org.jspecify.annotations.NullMarked;
