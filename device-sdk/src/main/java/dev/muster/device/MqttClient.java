/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** Who speaks MQTT for a device. Both do the same; they share nothing but the device. */
public enum MqttClient {
  /** The SDK, on the device's own thread. */
  BUILT_IN,
  /** Eclipse Paho, with three threads more while it is connected. */
  PAHO
}
