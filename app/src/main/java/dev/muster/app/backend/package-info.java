/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The services of one process, started and stopped together. */
@NullMarked
package dev.muster.app.backend;

import org.jspecify.annotations.NullMarked;
