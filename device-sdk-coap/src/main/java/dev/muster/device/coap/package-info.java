/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** A device that speaks CoAP to the broker; found by the SDK for {@code coaps:} addresses. */
@NullMarked
package dev.muster.device.coap;

import org.jspecify.annotations.NullMarked;
