/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What an operator may set: muster.yaml, the environment, flags, in rising order. */
@NullMarked
package dev.muster.app.config;

import org.jspecify.annotations.NullMarked;
