/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Which messages of a device are missing, by their sequence numbers. */
@NullMarked
package dev.muster.broker.telemetry.sequence;

import org.jspecify.annotations.NullMarked;
