/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/** The port behind which an MQTT client lives. */
public interface MqttTransport {
  /**
   * Starts one connection and returns at once; it is never used again after it has ended.
   *
   * @param events told on the device's thread, or on threads of the transport; must not block
   */
  MqttLink connect(LinkSettings settings, LinkEvents events);
}
