/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Enrollment over secure transport: the client's side of RFC 7030. */
@NullMarked
package dev.muster.device.internal.est;

import org.jspecify.annotations.NullMarked;
