/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Asks an operator's own program about devices that want to enroll. */
@NullMarked
package dev.muster.enrollment.hook;

import org.jspecify.annotations.NullMarked;
