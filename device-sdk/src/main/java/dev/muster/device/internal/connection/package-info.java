/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The device's life: bootstraps, connects, sends, renews, connects again. */
@NullMarked
package dev.muster.device.internal.connection;

import org.jspecify.annotations.NullMarked;
