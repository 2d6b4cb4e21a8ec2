/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What tests of several modules use. */
@NullMarked
package dev.muster.testing;

import org.jspecify.annotations.NullMarked;
