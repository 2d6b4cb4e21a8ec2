/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The packets of MQTT 5 that a device sends and is sent, as bytes. */
@NullMarked
package dev.muster.device.internal.mqtt.packet;

import org.jspecify.annotations.NullMarked;
