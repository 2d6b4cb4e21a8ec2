/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** One MQTT 5 connection at a time, behind a port: by the SDK itself, or by Paho. */
@NullMarked
package dev.muster.device.internal.mqtt;

import org.jspecify.annotations.NullMarked;
