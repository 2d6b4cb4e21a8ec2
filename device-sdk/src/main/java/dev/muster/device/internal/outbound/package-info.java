/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What a device has to send: accepted, kept on disk if need be, in flight, acknowledged. */
@NullMarked
package dev.muster.device.internal.outbound;

import org.jspecify.annotations.NullMarked;
