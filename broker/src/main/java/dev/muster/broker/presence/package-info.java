/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Which device is connected, and which was, from where and until why. */
@NullMarked
package dev.muster.broker.presence;

import org.jspecify.annotations.NullMarked;
