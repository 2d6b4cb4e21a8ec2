/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** A server under test: what a run may do to it. */
@NullMarked
package dev.muster.simulator.server;

import org.jspecify.annotations.NullMarked;
