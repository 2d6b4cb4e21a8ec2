/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Where the state of devices is kept, so that what is answered for is on stable storage. */
@NullMarked
package dev.muster.broker.state;

import org.jspecify.annotations.NullMarked;
