/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The data directory: what is in it, how it is made, how damage is noticed. */
@NullMarked
package dev.muster.app.data;

import org.jspecify.annotations.NullMarked;
