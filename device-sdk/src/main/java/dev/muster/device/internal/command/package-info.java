/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Commands: done at most once, and answered until the backend has the answer. */
@NullMarked
package dev.muster.device.internal.command;

import org.jspecify.annotations.NullMarked;
