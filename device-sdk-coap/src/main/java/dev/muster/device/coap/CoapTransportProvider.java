/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.mqtt.MqttTransport;
import dev.muster.device.internal.mqtt.TransportProvider;

/** Found by name; makes the SDK know {@code coaps:} addresses. */
public final class CoapTransportProvider implements TransportProvider {
  @Override
  public String scheme() {
    return "coaps";
  }

  @Override
  public MqttTransport open() {
    return (settings, events) -> {
      CoapLink link = new CoapLink(settings, events, ClientSettings.STANDARD);
      link.start();
      return link;
    };
  }
}
