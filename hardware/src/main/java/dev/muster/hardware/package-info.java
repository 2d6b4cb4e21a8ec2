/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What a device has beside its program: chips that hold keys. */
@NullMarked
package dev.muster.hardware;

import org.jspecify.annotations.NullMarked;
