/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscription;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who publishes too fast is slowed down, and cut off without an acknowledgement at last. */
class RateIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder);
    String policy = DefaultPolicy.yaml()
        .replace("messagesPerSecond: 200", "messagesPerSecond: 20")
        .replace("bytesPerSecond: 1048576", "bytesPerSecond: 1000");
    Files.writeString(folder.resolve("policy.yaml"), policy);
    fixture.start();
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  /** Who speaks MQTT 5 here. */
  private enum Client {
    PAHO,
    HIVEMQ;

    Device connect(String id) throws Exception {
      return this == PAHO ? new Paho(id) : new HiveMq(id);
    }

    String as(String role) {
      return role + "-" + name().toLowerCase(Locale.ROOT);
    }
  }

  private interface Device extends AutoCloseable {
    /** With QoS 1, until it is acknowledged. @return the reason code of the PUBACK */
    int publish(String topic, byte[] payload, @Nullable String answerTo) throws Exception;

    /** What the broker said when it ended the connection; null if it has not. */
    @Nullable Integer ended();

    @Override
    void close() throws MqttException;
  }

  private static final class Paho extends Quiet implements Device {
    private final MqttAsyncClient client;
    private volatile @Nullable Integer ended;

    Paho(String id) throws Exception {
      client =
          new MqttAsyncClient("ssl://localhost:" + fixture.port(), id, new MemoryPersistence());
      client.setCallback(this);
      MqttConnectionOptions options = new MqttConnectionOptions();
      options.setSocketFactory(fixture.tls(fixture.device(id)).getSocketFactory());
      client.connect(options).waitForCompletion(60_000);
    }

    @Override
    public int publish(String topic, byte[] payload, @Nullable String answerTo) throws Exception {
      MqttProperties properties = new MqttProperties();
      properties.setResponseTopic(answerTo);
      IMqttToken token = client.publish(topic, new MqttMessage(payload, 1, false, properties));
      token.waitForCompletion(60_000);
      return token.getReasonCodes()[0];
    }

    @Override
    public @Nullable Integer ended() {
      return ended;
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) {}

    @Override
    public void disconnected(MqttDisconnectResponse response) {
      ended = response.getReturnCode();
    }

    @Override
    public void close() throws MqttException {
      if (client.isConnected()) {
        client.disconnect().waitForCompletion(60_000);
      }
      client.close(true);
    }
  }

  private static final class HiveMq implements Device {
    private final Mqtt5BlockingClient client;
    private volatile @Nullable Integer ended;

    HiveMq(String id) {
      client = fixture
          .hiveMqClient(id, fixture.device(id))
          .addDisconnectedListener(context -> {
            if (context.getCause() instanceof Mqtt5DisconnectException told) {
              ended = told.getMqttMessage().getReasonCode().getCode();
            }
          })
          .useMqttVersion5()
          .buildBlocking();
      client.connect();
    }

    @Override
    public int publish(String topic, byte[] payload, @Nullable String answerTo) {
      try {
        client
            .publishWith()
            .topic(topic)
            .qos(MqttQos.AT_LEAST_ONCE)
            .payload(payload)
            .responseTopic(answerTo)
            .send();
        return 0;
      } catch (Mqtt5PubAckException refused) {
        return refused.getMqttMessage().getReasonCode().getCode();
      }
    }

    @Override
    public @Nullable Integer ended() {
      return ended;
    }

    @Override
    public void close() {
      if (client.getState().isConnected()) {
        client.disconnect();
      }
    }
  }

  private static String topic(String device) {
    return "fleets/f1/devices/" + device + "/telemetry/s";
  }

  private static void publish(Device client, String device) throws Exception {
    assertThat(client.publish(topic(device), new byte[] {'1'}, null)).isLessThan(0x80);
  }

  @ParameterizedTest
  @EnumSource
  void messagesBeyondTheRate_areHeld_andAllAcknowledged(Client kind) throws Exception {
    String id = kind.as("eager");
    try (Device client = kind.connect(id)) {
      double before = held();
      // 200 go at once; a slow machine sends more until it is ahead of 20 a second.
      for (int i = 0; i < 2_000 && held() == before; i++) {
        publish(client, id);
      }
      assertThat(held()).isGreaterThan(before);
      long start = System.nanoTime();
      for (int i = 0; i < 30; i++) {
        publish(client, id);
      }
      assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
          .as("30 more at 20 a second")
          .isGreaterThan(1_000);
    }
  }

  @Test
  void another_waitsForNothingOfOneWhoIsSlowedDown() throws Exception {
    try (Device eager = Client.PAHO.connect("eager");
        Device calm = Client.HIVEMQ.connect("calm")) {
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Void> flood = CompletableFuture.runAsync(() -> {
        while (!over.get()) {
          try {
            publish(eager, "eager");
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        }
      });
      double before = held();
      await().atMost(Duration.ofSeconds(60)).until(() -> held() > before);
      long quickest = Long.MAX_VALUE;
      for (int i = 0; i < 20; i++) {
        long start = System.nanoTime();
        publish(calm, "calm");
        quickest = Math.min(quickest, System.nanoTime() - start);
      }
      over.set(true);
      flood.get(60, TimeUnit.SECONDS);
      assertThat(quickest).isLessThan(TimeUnit.SECONDS.toNanos(1));
    }
  }

  private static double held() {
    return fixture.meters.counter("muster.broker.held", "reason", "rate").count();
  }

  @ParameterizedTest
  @EnumSource
  void farBeyondTheRate_isDisconnectedWithoutAck(Client kind) throws Exception {
    String id = kind.as("flood");
    byte[] large = ("1" + " ".repeat(30_000)).getBytes(StandardCharsets.US_ASCII);
    try (Device client = kind.connect(id)) {
      client.publish(topic(id), large, null);
      assertThatThrownBy(() -> client.publish(topic(id), large, null))
          .hasMessageNotContaining("Timed out");
      await()
          .untilAsserted(() -> assertThat(client.ended()).as("quota exceeded").isEqualTo(0x97));
    }
  }

  @ParameterizedTest
  @EnumSource
  void responseTopicOfAnother_isRefused(Client kind) throws Exception {
    String id = kind.as("asker");
    String own = "fleets/f1/devices/" + id + "/";
    byte[] payload = {'1'};
    try (Device client = kind.connect(id)) {
      assertThat(client.publish(own + "events/e", payload, own + "commands/answer"))
          .isLessThan(0x80);
      assertThat(client.publish(own + "events/e", payload, "muster/revocations/device"))
          .isEqualTo(0x87);
    }
  }

  /** One packet could name half a million. */
  @Test
  void filtersFarBeyondTheRate_endTheConnection() throws Exception {
    try (HiveMq client = new HiveMq("curious")) {
      List<Mqtt5Subscription> few = filters(50);
      client.client.subscribeWith().addSubscriptions(few).send();
      client
          .client
          .unsubscribeWith()
          .addTopicFilters(few.stream().map(Mqtt5Subscription::getTopicFilter))
          .send();
      assertThatThrownBy(() ->
              client.client.subscribeWith().addSubscriptions(filters(1_000)).send())
          .hasMessageNotContaining("Timed out");
      await().untilAsserted(() -> assertThat(client.ended()).isEqualTo(0x97));
    }
    assertThat(fixture.get("/refusals/curious").encode())
        .contains("\"subscribe quota\":1", "1000 filters: rate exceeded (expected: 50 a second)");
  }

  private static List<Mqtt5Subscription> filters(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Mqtt5Subscription.builder()
            .topicFilter("fleets/f1/devices/curious/commands/" + i)
            .build())
        .toList();
  }
}
