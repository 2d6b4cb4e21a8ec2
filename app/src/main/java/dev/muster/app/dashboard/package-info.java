/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The dashboard's pages, scripts and styles, from the class path. */
@NullMarked
package dev.muster.app.dashboard;

import org.jspecify.annotations.NullMarked;
