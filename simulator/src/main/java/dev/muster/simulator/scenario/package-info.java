/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What happens to a fleet during a run, in phases, and how that is written down in a file. */
@NullMarked
package dev.muster.simulator.scenario;

import org.jspecify.annotations.NullMarked;
