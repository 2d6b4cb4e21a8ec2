/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What a run came to, as JSON and as a page; and two runs side by side. */
@NullMarked
package dev.muster.simulator.report;

import org.jspecify.annotations.NullMarked;
