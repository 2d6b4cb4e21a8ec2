/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The MQTT broker of a fleet: embedded HiveMQ CE, started closed, and what makes it ours. */
@NullMarked
package dev.muster.broker;

import org.jspecify.annotations.NullMarked;
