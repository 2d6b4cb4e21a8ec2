/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Which certificates are revoked, and that their sessions end. */
@NullMarked
package dev.muster.broker.revocation;

import org.jspecify.annotations.NullMarked;
