/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/** So does the SDK's own client. */
class BuiltInTransportIT extends MqttTransportContract {
  @Override
  MqttTransport transport() {
    return new BuiltInTransport();
  }

  @Override
  long threads() {
    return pool.getActiveCount();
  }
}
