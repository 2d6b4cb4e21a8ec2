/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.MqttClient;
import java.net.URI;
import java.util.Locale;
import java.util.ServiceLoader;

/** Which way leads to a broker: MQTT, or what is on the class path. */
public final class Transports {
  private static final String MQTTS = "mqtts";

  private Transports() {}

  /**
   * The transport for an address.
   *
   * @param mqtt who speaks MQTT, if that is what the address asks for
   * @throws IllegalArgumentException if nothing knows the address's scheme, or it has no host
   */
  public static MqttTransport to(URI broker, MqttClient mqtt) {
    String scheme = String.valueOf(broker.getScheme()).toLowerCase(Locale.ROOT);
    if (broker.getHost() != null) {
      if (scheme.equals(MQTTS)) {
        return mqtt == MqttClient.PAHO ? new PahoTransport() : new BuiltInTransport();
      }
      for (TransportProvider provider : ServiceLoader.load(TransportProvider.class)) {
        if (provider.scheme().equals(scheme)) {
          return provider.open();
        }
      }
    }
    throw new IllegalArgumentException("broker: " + broker + " (expected: like mqtts://host:8883;"
        + " coaps://host:5685 comes with the library muster-device-sdk-coap)");
  }
}
