/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttClientPersistence;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.client.persist.MqttDefaultFilePersistence;
import org.eclipse.paho.mqttv5.common.MqttException;

/** Paho as it comes. */
final class BarePaho implements Client {
  private final Link link;
  private final MqttClientPersistence persistence;
  private final byte[] payload = Client.payload();
  private MqttAsyncClient client;

  static BarePaho inMemory(Link link) {
    return new BarePaho(link, new MemoryPersistence());
  }

  static BarePaho withFiles(Link link) {
    return new BarePaho(
        link, new MqttDefaultFilePersistence(link.folder().resolve("paho").toString()));
  }

  private BarePaho(Link link, MqttClientPersistence persistence) {
    this.link = link;
    this.persistence = persistence;
  }

  @Override
  public void connect() throws Exception {
    client = new MqttAsyncClient("ssl://" + link.host() + ":" + link.port(), "paho", persistence);
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(link.context().getSocketFactory());
    client.connect(options).waitForCompletion();
  }

  @Override
  public void publish(Runnable acknowledged) throws MqttException {
    client.publish("bench/paho", payload, 1, false, null, new MqttActionListener() {
      @Override
      public void onSuccess(IMqttToken token) {
        acknowledged.run();
      }

      @Override
      public void onFailure(IMqttToken token, Throwable failure) {
        throw new IllegalStateException(failure);
      }
    });
  }
}
