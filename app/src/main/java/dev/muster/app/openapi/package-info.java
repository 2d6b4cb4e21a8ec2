/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The document that describes the operator API, and that requests are checked against. */
@NullMarked
package dev.muster.app.openapi;

import org.jspecify.annotations.NullMarked;
