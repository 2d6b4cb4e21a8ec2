/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Files that are only ever appended to, in front of the database: what a PUBACK stands on. */
@NullMarked
package dev.muster.broker.telemetry.journal;

import org.jspecify.annotations.NullMarked;
