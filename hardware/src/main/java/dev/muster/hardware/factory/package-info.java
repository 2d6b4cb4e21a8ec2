/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The factory station: a manufacturer's CA, and the IDevIDs that it gives to devices. */
@NullMarked
package dev.muster.hardware.factory;

import org.jspecify.annotations.NullMarked;
