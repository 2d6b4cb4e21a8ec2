/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/**
 * MQTT by Eclipse Paho, of which only the packet handling is used: its reconnect (a static back-off
 * without jitter, shared by all clients of a JVM), its persistence and its buffer stay off.
 */
final class PahoTransport implements MqttTransport {
  @Override
  public MqttLink connect(LinkSettings settings, LinkEvents events) {
    PahoLink link = new PahoLink(settings, events);
    link.start();
    return link;
  }
}
