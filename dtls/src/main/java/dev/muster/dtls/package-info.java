/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What both ends of DTLS 1.2 add to Scandium: handshakes that bear a bad network. */
@NullMarked
package dev.muster.dtls;

import org.jspecify.annotations.NullMarked;
