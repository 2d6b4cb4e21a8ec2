/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
@NullMarked
package dev.muster.dtls;

import org.jspecify.annotations.NullMarked;
