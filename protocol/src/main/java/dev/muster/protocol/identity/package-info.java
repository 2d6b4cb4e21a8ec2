/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Who a peer is: names that are safe inside a topic, a distinguished name, a URL and a file name.
 */
@NullMarked
package dev.muster.protocol.identity;

import org.jspecify.annotations.NullMarked;
