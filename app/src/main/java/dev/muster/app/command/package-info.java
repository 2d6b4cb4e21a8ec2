/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Commands that run something: the backend, the factory station, a simulated fleet. */
@NullMarked
package dev.muster.app.command;

import org.jspecify.annotations.NullMarked;
