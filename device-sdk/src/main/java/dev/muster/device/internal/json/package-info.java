/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** JSON (RFC 8259), as much of it as a device needs, without a library. */
@NullMarked
package dev.muster.device.internal.json;

import org.jspecify.annotations.NullMarked;
