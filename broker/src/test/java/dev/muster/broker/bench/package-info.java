/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Measures; asserts nothing about time. {@code mvn -Pbench -pl broker -am verify}. */
@NullMarked
package dev.muster.broker.bench;

import org.jspecify.annotations.NullMarked;
