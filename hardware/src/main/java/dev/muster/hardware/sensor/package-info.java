/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What Linux's own drivers measure, read from the files under {@code /sys}. */
@NullMarked
package dev.muster.hardware.sensor;

import org.jspecify.annotations.NullMarked;
