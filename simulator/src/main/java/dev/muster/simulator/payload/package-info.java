/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What virtual devices measure. Used by the simulator's own packages; no API. */
@NullMarked
package dev.muster.simulator.payload;

import org.jspecify.annotations.NullMarked;
