/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Devices that speak CoAP: another way to the same policy, and to the same store. */
@NullMarked
package dev.muster.broker.coap;

import org.jspecify.annotations.NullMarked;
