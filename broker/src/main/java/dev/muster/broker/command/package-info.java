/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Commands to devices, from their order to their result. */
@NullMarked
package dev.muster.broker.command;

import org.jspecify.annotations.NullMarked;
