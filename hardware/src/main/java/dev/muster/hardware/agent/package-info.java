/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** A device without a program of its own: the SDK, sensors, and a few commands. */
@NullMarked
package dev.muster.hardware.agent;

import org.jspecify.annotations.NullMarked;
