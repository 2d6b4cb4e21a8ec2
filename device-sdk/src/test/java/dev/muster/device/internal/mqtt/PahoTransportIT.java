/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/** Paho keeps to the contract. */
class PahoTransportIT extends MqttTransportContract {
  @Override
  MqttTransport transport() {
    return new PahoTransport();
  }

  @Override
  long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread ->
            thread.getName().startsWith("MQTT ") || thread.getName().equals("muster-mqtt"))
        .count();
  }
}
