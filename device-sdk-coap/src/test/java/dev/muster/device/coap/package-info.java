/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
@NullUnmarked
package dev.muster.device.coap;

import org.jspecify.annotations.NullUnmarked;
