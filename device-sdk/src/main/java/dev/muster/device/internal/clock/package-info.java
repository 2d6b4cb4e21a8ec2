/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The time, on devices that may not know it when they start. */
@NullMarked
package dev.muster.device.internal.clock;

import org.jspecify.annotations.NullMarked;
