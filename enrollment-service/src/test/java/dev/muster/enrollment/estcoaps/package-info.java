/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
@NullMarked
package dev.muster.enrollment.estcoaps;

import org.jspecify.annotations.NullMarked;
