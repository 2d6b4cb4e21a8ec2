/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The issuing CAs that this broker trusts at the time: it follows the files that name them. */
@NullMarked
package dev.muster.broker.trust;

import org.jspecify.annotations.NullMarked;
