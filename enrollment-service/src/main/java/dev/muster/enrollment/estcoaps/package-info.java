/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** EST over CoAP and DTLS (RFC 9148): another way to the same registrar. */
@NullMarked
package dev.muster.enrollment.estcoaps;

import org.jspecify.annotations.NullMarked;
