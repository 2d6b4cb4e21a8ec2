/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What both ends of an enrollment agree on: operations, media types and encoding (RFC 7030, RFC
 * 8951).
 */
@NullMarked
package dev.muster.protocol.est;

import org.jspecify.annotations.NullMarked;
