/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The muster command: the only place that sees all modules, and puts them together. */
@NullMarked
package dev.muster.app;

import org.jspecify.annotations.NullMarked;
