/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Measurements of the whole, run by the profile {@code bench} alone. */
@NullMarked
package dev.muster.app.bench;

import org.jspecify.annotations.NullMarked;
