/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** A fleet of virtual devices: load on a backend, and proof that it kept what it acknowledged. */
@NullMarked
package dev.muster.simulator;

import org.jspecify.annotations.NullMarked;
