/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult.Mqtt5Qos1Result;
import dev.muster.testing.TestPki.Credential;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** HiveMQ's client for Java as a device. */
final class HiveMqDevice implements DeviceClient {
  private static final long SESSION_SECONDS = 600;

  private final String prefix;
  private final Mqtt5AsyncClient client;
  private final List<String> topics = new CopyOnWriteArrayList<>();
  private final List<String> received = new CopyOnWriteArrayList<>();
  private volatile @Nullable Integer disconnectCode;

  private HiveMqDevice(BrokerFixture fixture, Credential credential, int port, String id) {
    this.prefix = "fleets/f1/devices/" + id + "/";
    this.client = fixture
        .hiveMqClient(id, credential, port)
        .addDisconnectedListener(context -> {
          if (context.getCause() instanceof Mqtt5DisconnectException told) {
            disconnectCode = told.getMqttMessage().getReasonCode().getCode();
          }
        })
        .useMqttVersion5()
        .buildAsync();
  }

  static HiveMqDevice connect(
      BrokerFixture fixture, Credential credential, int port, String id, boolean clean)
      throws Exception {
    HiveMqDevice device = new HiveMqDevice(fixture, credential, port, id);
    device.client.publishes(MqttGlobalPublishFilter.ALL, device::arrived);
    await(device
        .client
        .connectWith()
        .cleanStart(clean)
        // While there is a session, this client takes what was not acknowledged for under way.
        .sessionExpiryInterval(clean ? 0 : SESSION_SECONDS)
        .send());
    return device;
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private void arrived(Mqtt5Publish message) {
    topics.add(message.getTopic().toString());
    received.add(new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8));
  }

  @Override
  public void subscribe(String rest) throws Exception {
    await(client
        .subscribeWith()
        .topicFilter(prefix + rest)
        .qos(MqttQos.AT_LEAST_ONCE)
        .send());
  }

  @Override
  public int publish(String rest, String payload) throws Exception {
    try {
      Mqtt5Qos1Result result = (Mqtt5Qos1Result) await(client
          .publishWith()
          .topic(prefix + rest)
          .qos(MqttQos.AT_LEAST_ONCE)
          .payload(payload.getBytes(StandardCharsets.UTF_8))
          .send());
      return result.getPubAck().getReasonCode().getCode();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Mqtt5PubAckException refused) {
        return refused.getMqttMessage().getReasonCode().getCode();
      }
      throw e;
    }
  }

  @Override
  public List<String> received() {
    return received;
  }

  @Override
  public List<String> topics() {
    return topics;
  }

  @Override
  public boolean isConnected() {
    return client.getState().isConnected();
  }

  @Override
  public @Nullable Integer disconnectCode() {
    return disconnectCode;
  }

  @Override
  public void close() {
    client.disconnect().orTimeout(60, TimeUnit.SECONDS).join();
  }
}
