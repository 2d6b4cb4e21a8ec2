/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Whom a device trusts, and how it proves who it is. */
@NullMarked
package dev.muster.device.internal.tls;

import org.jspecify.annotations.NullMarked;
