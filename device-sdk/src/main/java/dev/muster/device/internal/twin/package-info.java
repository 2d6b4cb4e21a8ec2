/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The twin as a device has it: last heard desired state, and reports that were not taken yet. */
@NullMarked
package dev.muster.device.internal.twin;

import org.jspecify.annotations.NullMarked;
