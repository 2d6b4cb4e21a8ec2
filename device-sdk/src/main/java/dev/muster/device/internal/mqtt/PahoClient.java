/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.loop.EventLoop;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttPingSender;
import org.eclipse.paho.mqttv5.client.internal.NetworkModule;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;

/** Paho over our own socket, our own ping timer and our own threads. */
final class PahoClient extends MqttAsyncClient {
  private final NetworkModule socket;

  PahoClient(String clientId, NetworkModule socket, MqttPingSender ping, EventLoop loop)
      throws MqttException {
    super(socket.getServerURI(), clientId, new MemoryPersistence(), ping, new PahoThreads(loop));
    this.socket = socket;
  }

  @Override
  protected NetworkModule[] createNetworkModules(String address, MqttConnectionOptions options) {
    return new NetworkModule[] {socket};
  }
}
