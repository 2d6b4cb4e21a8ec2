/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What payloads say: SenML, plain objects and numbers, in JSON or CBOR. */
@NullMarked
package dev.muster.broker.telemetry.format;

import org.jspecify.annotations.NullMarked;
