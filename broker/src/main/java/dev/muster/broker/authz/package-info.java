/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What a client may publish and subscribe: a policy file, read once, denying by default. */
@NullMarked
package dev.muster.broker.authz;

import org.jspecify.annotations.NullMarked;
