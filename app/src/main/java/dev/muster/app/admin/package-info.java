/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The operator's command line over the operator API. */
@NullMarked
package dev.muster.app.admin;

import org.jspecify.annotations.NullMarked;
