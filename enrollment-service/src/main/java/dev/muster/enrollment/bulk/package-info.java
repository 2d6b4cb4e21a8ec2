/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What operators order for many devices at once. */
@NullMarked
package dev.muster.enrollment.bulk;

import org.jspecify.annotations.NullMarked;
