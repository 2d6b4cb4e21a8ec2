/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/** MQTT 5 without a library: what a device needs of it, on the device's own thread. */
final class BuiltInTransport implements MqttTransport {
  @Override
  public MqttLink connect(LinkSettings settings, LinkEvents events) {
    BuiltInLink link = new BuiltInLink(settings, events);
    link.start();
    return link;
  }
}
