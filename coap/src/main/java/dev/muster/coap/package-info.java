/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** CoAP over DTLS 1.2 for services of ours, with bounds for all that strangers can take up. */
@NullMarked
package dev.muster.coap;

import org.jspecify.annotations.NullMarked;
