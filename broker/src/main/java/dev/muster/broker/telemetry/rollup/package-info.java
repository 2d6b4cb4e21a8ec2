/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Numbers of a series within a minute, an hour, a day, kept right whatever comes late. */
@NullMarked
package dev.muster.broker.telemetry.rollup;

import org.jspecify.annotations.NullMarked;
