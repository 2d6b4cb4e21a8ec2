/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What every user of TLS here must do. */
@NullMarked
package dev.muster.protocol.tls;

import org.jspecify.annotations.NullMarked;
