/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Who is there, as consumers and operators see it. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PresenceIT {
  private static final String PRESENCE = "fleets/+/devices/+/presence";

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

  private static JsonArray connections(OperatorApi api, String device) {
    return api.get("/devices/" + device + "/connections").getJsonArray("connections");
  }

  @Test
  void device_comesAndGoes_andAllCanSeeIt() throws Exception {
    OperatorApi api = OperatorApi.of(fixture);
    Mosquitto mosquitto = new Mosquitto(fixture);
    fixture.service("reader", "consumer");
    Credential credential = fixture.device("p1");
    assertThat(api.send("GET", "/devices/p1/presence", "").statusCode()).isEqualTo(404);

    try (Mosquitto.Subscriber reader = mosquitto
        .sub("reader", "reader", "-q", "1", "-v", "-t", PRESENCE)
        .awaitOutput("Subscribed")) {
      try (PahoDevice device =
          PahoDevice.connect(fixture, credential, fixture.port(), "p1", true)) {
        device.publish("telemetry/x", "1");
        reader.awaitOutput("fleets/f1/devices/p1/presence {\"state\":\"online\",\"since\":\"");
        await().until(() -> connections(api, "p1").size() == 1);
        assertThat(api.get("/devices/p1/presence").getString("state")).isEqualTo("online");
        assertThat(connections(api, "p1").getJsonObject(0).getString("disconnectedAt"))
            .isNull();
      }
      reader.awaitOutput("fleets/f1/devices/p1/presence {\"state\":\"offline\",\"since\":\"");
      reader.awaitOutput("\"reason\":\"closed by the client: normal disconnection\"}");
    }
    try (Mosquitto.Subscriber late =
        mosquitto.sub("reader", "reader:2", "-q", "1", "-v", "-t", PRESENCE)) {
      late.awaitOutput("p1/presence {\"state\":\"offline\"");
    }
    JsonObject one = connections(api, "p1").getJsonObject(0);
    assertThat(one.getString("tls")).startsWith("TLSv1.");
    assertThat(one.getString("cipher")).startsWith("TLS_");
    assertThat(one.getString("address")).isEqualTo("127.0.0.1");
    assertThat(one.getString("mqttVersion")).isEqualTo("5");
    assertThat(one.getString("certificateSerial"))
        .isEqualTo(credential.certificate().getSerialNumber().toString(16));
    assertThat(one.getString("reason")).startsWith("closed by the client");
    assertThat(one.getString("disconnectedAt")).isGreaterThan(one.getString("connectedAt"));
  }

  @Test
  void takeOver_andLostConnection_areToldApart() throws Exception {
    OperatorApi api = OperatorApi.of(fixture);
    PahoDevice.connect(fixture, "p2");
    Mosquitto.Subscriber second =
        new Mosquitto(fixture).sub("p2", "p2", "-t", "fleets/f1/devices/p2/commands/+");
    await()
        .untilAsserted(() -> assertThat(connections(api, "p2").encode())
            .contains("closed by the broker: session taken over"));
    assertThat(api.get("/devices/p2/presence").getString("state")).isEqualTo("online");
    second.process().destroyForcibly();
    await()
        .untilAsserted(() -> assertThat(api.get("/devices/p2/presence").getString("reason"))
            .isEqualTo("connection lost"));
    JsonObject page = api.get("/devices/p2/connections?limit=1");
    assertThat(page.getJsonArray("connections").getJsonObject(0).getString("reason"))
        .isEqualTo("connection lost");
    assertThat(api.get("/devices/p2/connections?limit=1&after=" + page.getString("next"))
            .getJsonArray("connections")
            .encode())
        .contains("taken over");
  }

  /** The last, for it ends the broker that all others share. */
  @Test
  @Order(Integer.MAX_VALUE)
  void broker_startedAnew_tellsThatAllAreOffline_untilTheyAreBack() throws Exception {
    PahoDevice.connect(fixture, "p3");
    OperatorApi api = OperatorApi.of(fixture);
    await().until(() -> api.send("GET", "/devices/p3/presence", "").statusCode() == 200);
    fixture.close();
    fixture = new BrokerFixture(folder).start();
    fixture.service("reader", "consumer");
    Credential credential = fixture.device("p3");
    try (Mosquitto.Subscriber reader =
        new Mosquitto(fixture).sub("reader", "reader", "-q", "1", "-v", "-t", PRESENCE)) {
      reader.awaitOutput("p3/presence {\"state\":\"offline\"");
      reader.awaitOutput("\"reason\":\"");
      PahoDevice back = PahoDevice.connect(fixture, credential, fixture.port(), "p3", true);
      reader.awaitOutput("p3/presence {\"state\":\"online\"");
      back.close();
    }
  }
}
