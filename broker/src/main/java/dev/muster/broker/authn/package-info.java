/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Who a client is: decided by the CA that issued its certificate, then by its subject. */
@NullMarked
package dev.muster.broker.authn;

import org.jspecify.annotations.NullMarked;
