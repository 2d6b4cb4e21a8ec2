/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Where a message goes: the topic tree of a fleet, and MQTT's rules for filters. */
@NullMarked
package dev.muster.protocol.topic;

import org.jspecify.annotations.NullMarked;
