/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Brings what the store holds for a device to it, when it is there to hear it. */
@NullMarked
package dev.muster.broker.delivery;

import org.jspecify.annotations.NullMarked;
