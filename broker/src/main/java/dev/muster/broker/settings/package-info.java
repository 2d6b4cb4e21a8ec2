/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Settings as people write them, and those of the broker. */
@NullMarked
package dev.muster.broker.settings;

import org.jspecify.annotations.NullMarked;
