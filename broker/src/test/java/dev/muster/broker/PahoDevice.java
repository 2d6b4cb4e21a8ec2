/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.testing.TestPki.Credential;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/** Eclipse Paho as a device. */
final class PahoDevice implements DeviceClient, MqttCallback {
  private static final long LIMIT_MS = 60_000;

  private final String prefix;
  private final MqttAsyncClient client;
  private final List<String> topics = new CopyOnWriteArrayList<>();
  private final List<String> received = new CopyOnWriteArrayList<>();
  private volatile @Nullable Integer disconnectCode;

  private PahoDevice(String id, MqttAsyncClient client) {
    this.prefix = "fleets/f1/devices/" + id + "/";
    this.client = client;
  }

  static PahoDevice connect(BrokerFixture fixture, String id) throws MqttException {
    return connect(fixture, fixture.device(id), fixture.port(), id, true);
  }

  static PahoDevice connect(
      BrokerFixture fixture, Credential credential, int port, String id, boolean clean)
      throws MqttException {
    MqttAsyncClient client =
        new MqttAsyncClient("ssl://localhost:" + port, id, new MemoryPersistence());
    PahoDevice device = new PahoDevice(id, client);
    client.setCallback(device);
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(credential).getSocketFactory());
    options.setCleanStart(clean);
    options.setSessionExpiryInterval(600L);
    client.connect(options).waitForCompletion(LIMIT_MS);
    return device;
  }

  @Override
  public void subscribe(String rest) throws MqttException {
    client.subscribe(prefix + rest, 1).waitForCompletion(LIMIT_MS);
  }

  @Override
  public int publish(String rest, String payload) throws MqttException {
    IMqttToken token =
        client.publish(prefix + rest, payload.getBytes(StandardCharsets.UTF_8), 1, false);
    try {
      token.waitForCompletion(LIMIT_MS);
    } catch (MqttException e) {
      if (token.getReasonCodes() == null) {
        throw e;
      }
    }
    int[] codes = token.getReasonCodes();
    return codes == null || codes.length == 0 ? 0 : codes[0];
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
  public void messageArrived(String topic, MqttMessage message) {
    topics.add(topic);
    received.add(new String(message.getPayload(), StandardCharsets.UTF_8));
  }

  @Override
  public boolean isConnected() {
    return client.isConnected();
  }

  @Override
  public @Nullable Integer disconnectCode() {
    return disconnectCode;
  }

  @Override
  public void disconnected(MqttDisconnectResponse response) {
    disconnectCode = response.getReturnCode();
  }

  @Override
  public void mqttErrorOccurred(MqttException exception) {}

  @Override
  public void deliveryComplete(IMqttToken token) {}

  @Override
  public void connectComplete(boolean reconnect, String server) {}

  @Override
  public void authPacketArrived(int reasonCode, MqttProperties properties) {}

  @Override
  public void close() {
    try {
      client.disconnect().waitForCompletion(LIMIT_MS);
      client.close();
    } catch (MqttException e) {
      throw new IllegalStateException(e);
    }
  }
}
