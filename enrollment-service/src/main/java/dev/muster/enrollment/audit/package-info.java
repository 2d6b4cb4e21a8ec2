/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Who did what to whom, when and from where: append-only, each entry chained to the one before. */
@NullMarked
package dev.muster.enrollment.audit;

import org.jspecify.annotations.NullMarked;
