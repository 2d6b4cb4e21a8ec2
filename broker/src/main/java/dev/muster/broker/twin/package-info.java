/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Twins: what devices should be like, and what they say they are like. */
@NullMarked
package dev.muster.broker.twin;

import org.jspecify.annotations.NullMarked;
