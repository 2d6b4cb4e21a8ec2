/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** How one CA follows another: by itself in time, on demand, or because a key was lost. */
@NullMarked
package dev.muster.enrollment.rollover;

import org.jspecify.annotations.NullMarked;
