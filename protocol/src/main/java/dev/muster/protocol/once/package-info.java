/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What is asked for twice and to be done once, and what may be done to what was seen alone. */
@NullMarked
package dev.muster.protocol.once;

import org.jspecify.annotations.NullMarked;
