/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.TestPki.Credential;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  private static MqttAsyncClient connect(Credential device, String id) throws Exception {
    MqttAsyncClient client =
        new MqttAsyncClient("ssl://localhost:" + fixture.port(), id, new MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(device).getSocketFactory());
    client.connect(options).waitForCompletion(60_000);
    return client;
  }

  @Test
  void messagesBeyondTheRate_areHeld_andAllAcknowledged() throws Exception {
    MqttAsyncClient client = connect(fixture.device("eager"), "eager");
    double before = held();
    // 200 go at once; a slow machine sends more until it is ahead of 20 a second.
    for (int i = 0; i < 2_000 && held() == before; i++) {
      publish(client);
    }
    assertThat(held()).isGreaterThan(before);
    long start = System.nanoTime();
    for (int i = 0; i < 30; i++) {
      publish(client);
    }
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
        .as("30 more at 20 a second")
        .isGreaterThan(1_000);
    client.disconnect().waitForCompletion(60_000);
    client.close();
  }

  @Test
  void another_waitsForNothingOfOneWhoIsSlowedDown() throws Exception {
    MqttAsyncClient eager = connect(fixture.device("eager"), "eager");
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> flood = CompletableFuture.runAsync(() -> {
      while (!over.get()) {
        try {
          publish(eager);
        } catch (Exception e) {
          throw new CompletionException(e);
        }
      }
    });
    double before = held();
    await().atMost(Duration.ofSeconds(60)).until(() -> held() > before);
    MqttAsyncClient calm = connect(fixture.device("calm"), "calm");
    long quickest = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      calm.publish("fleets/f1/devices/calm/telemetry/s", new byte[] {'1'}, 1, false)
          .waitForCompletion(60_000);
      quickest = Math.min(quickest, System.nanoTime() - start);
    }
    over.set(true);
    flood.get(60, TimeUnit.SECONDS);
    assertThat(quickest).isLessThan(TimeUnit.SECONDS.toNanos(1));
    calm.disconnect().waitForCompletion(60_000);
    calm.close();
    eager.disconnect().waitForCompletion(60_000);
    eager.close();
  }

  private static double held() {
    return fixture.meters.counter("muster.broker.held", "reason", "rate").count();
  }

  private static void publish(MqttAsyncClient client) throws Exception {
    client
        .publish("fleets/f1/devices/eager/telemetry/s", new byte[] {'1'}, 1, false)
        .waitForCompletion(60_000);
  }

  @Test
  void farBeyondTheRate_isDisconnectedWithoutAck() throws Exception {
    MqttAsyncClient client = connect(fixture.device("flood"), "flood");
    String topic = "fleets/f1/devices/flood/telemetry/s";
    byte[] large = ("1" + " ".repeat(30_000)).getBytes("US-ASCII");
    client.publish(topic, large, 1, false).waitForCompletion(60_000);
    assertThatThrownBy(() -> client.publish(topic, large, 1, false).waitForCompletion(60_000))
        .hasMessageNotContaining("Timed out");
    await().until(() -> !client.isConnected());
    client.close(true);
  }

  @Test
  void responseTopicOfAnother_isRefused() throws Exception {
    MqttAsyncClient client = connect(fixture.device("asker"), "asker");
    String own = "fleets/f1/devices/asker/";
    assertThat(ask(client, own + "events/e", own + "commands/answer")).isLessThan(0x80);
    assertThat(ask(client, own + "events/e", "muster/revocations/device")).isEqualTo(0x87);
    client.disconnect().waitForCompletion(60_000);
    client.close();
  }

  private static int ask(MqttAsyncClient client, String topic, String answerTo) throws Exception {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic(answerTo);
    IMqttToken token =
        client.publish(topic, new MqttMessage(new byte[] {'1'}, 1, false, properties));
    token.waitForCompletion(60_000);
    return token.getReasonCodes()[0];
  }
}
