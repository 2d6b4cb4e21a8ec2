/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What was acknowledged and kept aside: looked at, read anew, or let go. */
@NullMarked
package dev.muster.broker.telemetry.deadletter;

import org.jspecify.annotations.NullMarked;
