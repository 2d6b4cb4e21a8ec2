/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What may be logged of what anybody can send. */
@NullMarked
package dev.muster.protocol.log;

import org.jspecify.annotations.NullMarked;
