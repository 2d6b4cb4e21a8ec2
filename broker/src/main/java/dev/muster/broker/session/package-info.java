/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The connected clients, each with the certificate that let it in. */
@NullMarked
package dev.muster.broker.session;

import org.jspecify.annotations.NullMarked;
