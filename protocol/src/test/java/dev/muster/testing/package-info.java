/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What the tests of several modules share: keys and certificates made on the spot, and programs of
 * other people.
 */
@NullMarked
package dev.muster.testing;

import org.jspecify.annotations.NullMarked;
