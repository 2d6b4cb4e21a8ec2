/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Examines a running muster from outside, as a newcomer or an auditor would. */
@NullMarked
package dev.muster.app.doctor;

import org.jspecify.annotations.NullMarked;
