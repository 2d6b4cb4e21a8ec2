/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How virtual devices reach a backend. {@link IdentitySource} is API; the rest is the simulator's.
 */
@NullMarked
package dev.muster.simulator.client;

import org.jspecify.annotations.NullMarked;
