/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;

/** The client of HiveMQ. */
final class HiveMqClient implements Client {
  private final Link link;
  private final byte[] payload = Client.payload();
  private Mqtt5AsyncClient client;

  HiveMqClient(Link link) {
    this.link = link;
  }

  @Override
  public void connect() throws Exception {
    client = Mqtt5Client.builder()
        .identifier("hivemq")
        .serverHost(link.host())
        .serverPort(link.port())
        .sslConfig(MqttClientSslConfig.builder()
            .keyManagerFactory(link.keys())
            .trustManagerFactory(link.trust())
            .build())
        .buildAsync();
    client.connect().get();
  }

  @Override
  public void publish(Runnable acknowledged) {
    client
        .publishWith()
        .topic("bench/hivemq")
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(payload)
        .send()
        .thenRun(acknowledged);
  }
}
