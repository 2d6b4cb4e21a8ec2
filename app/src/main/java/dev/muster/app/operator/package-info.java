/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The operator API from the client's side. */
@NullMarked
package dev.muster.app.operator;

import org.jspecify.annotations.NullMarked;
