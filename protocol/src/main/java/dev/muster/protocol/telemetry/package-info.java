/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What a device says: SenML (RFC 8428) and the identity of a message. */
@NullMarked
package dev.muster.protocol.telemetry;

import org.jspecify.annotations.NullMarked;
