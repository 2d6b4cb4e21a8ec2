/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.TestPki.Credential;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session belongs to a principal; one who comes with the same client id has no part in it. */
class PrincipalIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new BrokerFixture(folder).start();
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  /** A client that keeps its session while it is away, and what it was sent. */
  private static final class Client implements AutoCloseable {
    final List<String> received = new CopyOnWriteArrayList<>();
    private final MqttAsyncClient mqtt;
    private final boolean sessionPresent;

    Client(Credential credential, String clientId) throws Exception {
      mqtt = new MqttAsyncClient(
          "ssl://localhost:" + fixture.port(), clientId, new MemoryPersistence());
      mqtt.setCallback(new Quiet() {
        @Override
        public void messageArrived(String topic, MqttMessage message) {
          received.add(new String(message.getPayload(), StandardCharsets.UTF_8));
        }
      });
      MqttConnectionOptions options = new MqttConnectionOptions();
      options.setSocketFactory(fixture.tls(credential).getSocketFactory());
      options.setCleanStart(false);
      options.setSessionExpiryInterval(3_600L);
      IMqttToken connected = mqtt.connect(options);
      connected.waitForCompletion(60_000);
      sessionPresent = connected.getSessionPresent();
    }

    Client subscribe(String filter) throws Exception {
      mqtt.subscribe(filter, 1).waitForCompletion(60_000);
      return this;
    }

    void publish(String topic, String payload) throws Exception {
      mqtt.publish(topic, payload.getBytes(StandardCharsets.UTF_8), 1, false)
          .waitForCompletion(60_000);
    }

    @Override
    public void close() throws MqttException {
      if (mqtt.isConnected()) {
        mqtt.disconnect().waitForCompletion(60_000);
      }
      mqtt.close(true);
    }
  }

  private static Credential service(String subject) {
    return fixture.serviceCa.issue(subject).build();
  }

  @Test
  void session_ofAnotherFleetsNamesake_isNotGivenAway() throws Exception {
    Credential one = service("CN=rd,O=f1,OU=consumer");
    Credential other = service("CN=rd,O=f2,OU=consumer");
    new Client(one, "rd").subscribe("fleets/f1/devices/+/telemetry/#").close();
    try (Client device = new Client(fixture.device("dev-1"), "dev-1")) {
      device.publish("fleets/f1/devices/dev-1/telemetry/s", "1");
      try (Client thief = new Client(other, "rd")) {
        assertThat(thief.sessionPresent).isFalse();
        device.publish("fleets/f1/devices/dev-1/telemetry/s", "2");
        try (Client owner = new Client(one, "rd")) {
          assertThat(owner.sessionPresent).isTrue();
          await().untilAsserted(() -> assertThat(owner.received).containsExactly("1", "2"));
        }
        assertThat(thief.received).isEmpty();
      }
    }
  }

  @Test
  void session_ofAServiceNamedLikeADevice_isNotTheDevices() throws Exception {
    Credential consumer = service("CN=dev-7,OU=consumer");
    new Client(consumer, "dev-7").subscribe("fleets/+/devices/+/telemetry/#").close();
    try (Client device = new Client(fixture.device("dev-7"), "dev-7")) {
      assertThat(device.sessionPresent).isFalse();
      device.publish("fleets/f1/devices/dev-7/telemetry/s", "7");
      try (Client owner = new Client(consumer, "dev-7")) {
        assertThat(owner.sessionPresent).isTrue();
        await().untilAsserted(() -> assertThat(owner.received).containsExactly("7"));
        assertThat(device.mqtt.isConnected()).as("device stays connected").isTrue();
      }
      assertThat(device.received).isEmpty();
    }
  }

  @Test
  void clientIdOfTheEnrollmentService_isNotTakenOverByOthers_butByItself() throws Exception {
    Credential enrollment = service("CN=enrollment,OU=service");
    try (Client first = new Client(enrollment, "enrollment")) {
      for (String role : List.of("consumer", "operator")) {
        new Client(service("CN=enrollment,OU=" + role), "enrollment").close();
        assertThat(first.mqtt.isConnected()).as(role).isTrue();
      }
      try (Client again = new Client(service("CN=enrollment,OU=service"), "enrollment")) {
        await().atMost(Duration.ofSeconds(60)).until(() -> !first.mqtt.isConnected());
        assertThat(again.mqtt.isConnected()).isTrue();
      }
    }
  }

  @Test
  void clientIdThatSpellsAnotherPrincipal_isRefused() {
    assertThat(new Mosquitto(fixture)
            .run(
                "mosquitto_sub",
                keep("forger", service("CN=forger,OU=consumer")),
                "service/service//enrollment/enrollment",
                "-t",
                "fleets/f1/devices/+/telemetry/#",
                "-W",
                "50")
            .exitCode())
        .isNotZero();
  }

  private static String keep(String name, Credential credential) {
    fixture.keep(name, credential);
    return name;
  }
}
