/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Measures; asserts nothing about time. {@code mvn -Pbench -pl enrollment-service -am verify}. */
@NullMarked
package dev.muster.enrollment.bench;

import org.jspecify.annotations.NullMarked;
