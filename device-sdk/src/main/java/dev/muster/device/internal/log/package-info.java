/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What a device logs: to the program's log, and to a ring of the device's own. */
@NullMarked
package dev.muster.device.internal.log;

import org.jspecify.annotations.NullMarked;
