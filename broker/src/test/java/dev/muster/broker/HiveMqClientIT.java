/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HiveMQ's client for Java as a device: telemetry, what is not its own, twin and command. */
class HiveMqClientIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static OperatorApi api;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder).start();
    api = OperatorApi.of(fixture);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static MqttClientBuilder client(String id) {
    return fixture.hiveMqClient(id);
  }

  private static String topic(String device, String rest) {
    return "fleets/f1/devices/" + device + "/" + rest;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Object latest(String device) {
    return api.get("/devices/" + device + "/telemetry/latest")
        .getJsonArray("values")
        .getJsonObject(0)
        .getValue("value");
  }

  @Test
  void mqtt5_isAcknowledgedWhenStored_andToldWhatIsNotItsOwn() {
    Mqtt5BlockingClient device = client("h5").useMqttVersion5().buildBlocking();
    assertThat(device.connect().getRestrictions().getMaximumQos()).isEqualTo(MqttQos.AT_LEAST_ONCE);
    device
        .publishWith()
        .topic(topic("h5", "telemetry/env"))
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(bytes("{\"t\":21.5}"))
        .send();
    assertThat(latest("h5")).isEqualTo(21.5);
    Mqtt5PubAckException refused = catchThrowableOfType(
        Mqtt5PubAckException.class,
        () -> device
            .publishWith()
            .topic(topic("other", "telemetry/env"))
            .qos(MqttQos.AT_LEAST_ONCE)
            .payload(bytes("1"))
            .send());
    assertThat(refused.getMqttMessage().getReasonCode())
        .isEqualTo(Mqtt5PubAckReasonCode.NOT_AUTHORIZED);
    device.disconnect();
  }

  @Test
  void mqtt5_telemetryWithQos2_isNotTaken_andTheClientIsToldWhy() throws Exception {
    CompletableFuture<Throwable> cut = new CompletableFuture<>();
    Mqtt5BlockingClient device = client("h2")
        .addDisconnectedListener(context -> cut.complete(context.getCause()))
        .useMqttVersion5()
        .buildBlocking();
    device.connect();
    // It knows of the broker's maximum, and leaves it to the caller to keep to it.
    assertThatThrownBy(() -> device
            .publishWith()
            .topic(topic("h2", "telemetry/env"))
            .qos(MqttQos.EXACTLY_ONCE)
            .payload(bytes("1"))
            .send())
        .isNotNull();
    assertThat(cut.get(60, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(Mqtt5DisconnectException.class, told -> {
          assertThat(told.getMqttMessage().getReasonCode())
              .isEqualTo(Mqtt5DisconnectReasonCode.QOS_NOT_SUPPORTED);
          assertThat(told.getMqttMessage().getReasonString().orElseThrow().toString())
              .contains("QoS");
        });
    assertThat(api.get("/devices/h2/messages").getJsonArray("messages")).isEmpty();
  }

  @Test
  void mqtt5_whoseCertificateIsRevoked_isCut_andNotLetInAgain() throws Exception {
    Credential bad = fixture.device("hbad");
    CompletableFuture<Throwable> cut = new CompletableFuture<>();
    Mqtt5BlockingClient device = fixture
        .hiveMqClient("hbad", bad)
        .addDisconnectedListener(context -> cut.complete(context.getCause()))
        .useMqttVersion5()
        .buildBlocking();
    device.connect();
    Mqtt5BlockingClient service = fixture
        .hiveMqClient("enrollment", fixture.service("enrollment", "service"))
        .useMqttVersion5()
        .buildBlocking();
    service.connect();
    service
        .publishWith()
        .topic("muster/revocations/device")
        .qos(MqttQos.AT_LEAST_ONCE)
        .retain(true)
        .payload(fixture.deviceCrl(2, bad.certificate().getSerialNumber()))
        .send();
    assertThat(cut.get(60, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            Mqtt5DisconnectException.class,
            told -> assertThat(told.getMqttMessage().getReasonCode())
                .isEqualTo(Mqtt5DisconnectReasonCode.NOT_AUTHORIZED));
    assertThatThrownBy(device::connect).hasMessageContaining("NOT_AUTHORIZED");
    service.disconnect();
  }

  @Test
  void mqtt5_consumerThatComesBackToItsSession_getsWhatCameMeanwhile() throws Exception {
    Mqtt5BlockingClient consumer = fixture
        .hiveMqClient("reader", fixture.service("reader", "consumer"))
        .useMqttVersion5()
        .buildBlocking();
    consumer.connectWith().cleanStart(false).sessionExpiryInterval(600).send();
    consumer
        .subscribeWith()
        .topicFilter(topic("meanwhile", "telemetry/env"))
        .qos(MqttQos.AT_LEAST_ONCE)
        .send();
    consumer.disconnect();
    Mqtt5BlockingClient device = client("meanwhile").useMqttVersion5().buildBlocking();
    device.connect();
    device
        .publishWith()
        .topic(topic("meanwhile", "telemetry/env"))
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(bytes("{\"t\":7}"))
        .send();
    device.disconnect();
    try (Mqtt5BlockingClient.Mqtt5Publishes heard =
        consumer.publishes(MqttGlobalPublishFilter.ALL)) {
      assertThat(consumer
              .connectWith()
              .cleanStart(false)
              .sessionExpiryInterval(600)
              .send()
              .isSessionPresent())
          .isTrue();
      assertThat(heard.receive(60, TimeUnit.SECONDS).orElseThrow().getPayloadAsBytes())
          .isEqualTo(bytes("{\"t\":7}"));
    }
    consumer.disconnect();
  }

  @Test
  void mqtt5_hearsOfTwinAndCommand_andAnswers() throws Exception {
    Mqtt5BlockingClient device = client("hears").useMqttVersion5().buildBlocking();
    device.connect();
    try (Mqtt5BlockingClient.Mqtt5Publishes heard = device.publishes(MqttGlobalPublishFilter.ALL)) {
      device.subscribeWith().topicFilter(topic("hears", "twin/desired")).send();
      device.subscribeWith().topicFilter(topic("hears", "commands/+")).send();
      api.patch("/devices/hears/twin", "{\"interval\":5}");
      assertThat(await(heard, "\"interval\":5")).endsWith("twin/desired");
      String id = api.post("/devices/hears/commands", "{\"name\":\"blink\",\"validForSeconds\":60}")
          .getString("id");
      assertThat(await(heard, "blink")).isEqualTo(topic("hears", "commands/" + id));
      device
          .publishWith()
          .topic(topic("hears", "commands/" + id + "/result"))
          .qos(MqttQos.AT_LEAST_ONCE)
          .payload(bytes("{\"status\":\"done\"}"))
          .send();
      JsonObject command =
          api.get("/devices/hears/commands?limit=1").getJsonArray("commands").getJsonObject(0);
      assertThat(command.getString("state")).isEqualTo("done");
    }
    device.disconnect();
  }

  /** @return the topic of the first message with such a text */
  private static String await(Mqtt5BlockingClient.Mqtt5Publishes heard, String text)
      throws InterruptedException {
    while (true) {
      Mqtt5Publish message = heard.receive(10, TimeUnit.SECONDS).orElseThrow();
      if (new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8).contains(text)) {
        return message.getTopic().toString();
      }
    }
  }

  @Test
  void mqtt3_isAcknowledgedWhenStored_andCutWhenItAsksForWhatIsNotItsOwn() {
    Mqtt3BlockingClient device = client("h3").useMqttVersion3().buildBlocking();
    device.connect();
    device
        .publishWith()
        .topic(topic("h3", "telemetry/env"))
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(bytes("{\"t\":22.5}"))
        .send();
    assertThat(latest("h3")).isEqualTo(22.5);
    assertThatThrownBy(() -> device
            .publishWith()
            .topic(topic("other", "telemetry/env"))
            .qos(MqttQos.AT_LEAST_ONCE)
            .payload(bytes("1"))
            .send())
        .as("MQTT 3.1.1 has no other way to refuse")
        .hasMessageContaining("closed");
    assertThat(device.getState().isConnected()).isFalse();
  }
}
