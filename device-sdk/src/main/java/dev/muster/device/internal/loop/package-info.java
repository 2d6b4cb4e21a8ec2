/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The one thread of a device. */
@NullMarked
package dev.muster.device.internal.loop;

import org.jspecify.annotations.NullMarked;
