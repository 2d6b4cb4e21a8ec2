/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Keys and certificates of a device, and how they survive a power cut. */
@NullMarked
package dev.muster.device.internal.identity;

import org.jspecify.annotations.NullMarked;
