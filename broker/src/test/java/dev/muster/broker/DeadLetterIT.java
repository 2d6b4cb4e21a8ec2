/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What mosquitto_pub sends and the broker keeps aside, and what an operator does about it. */
class DeadLetterIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static Mosquitto mosquitto;
  private static OperatorApi api;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder).start();
    mosquitto = new Mosquitto(fixture);
    api = OperatorApi.of(fixture);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static void publish(String device, String... more) {
    if (!Files.exists(folder.resolve(device + ".pem"))) {
      fixture.device(device);
    }
    List<String> arguments = new ArrayList<>(
        List.of("-V", "mqttv5", "-q", "1", "-t", "fleets/f1/devices/" + device + "/telemetry/env"));
    arguments.addAll(List.of(more));
    mosquitto.pub(device, device, arguments.toArray(String[]::new)).expectSuccess();
  }

  private static JsonArray letters(String device) {
    return api.get("/dead-letters?device=" + device).getJsonArray("deadLetters");
  }

  private static JsonArray values(String device) {
    return api.get("/devices/" + device + "/telemetry/latest").getJsonArray("values");
  }

  @Test
  void unreadablePayload_isAcknowledged_shown_replayed_andStored() throws Exception {
    Files.write(folder.resolve("42.cbor"), HexFormat.of().parseHex("182a"));
    publish("dev-1", "-f", "42.cbor", "-D", "publish", "content-type", "application/json");
    JsonObject letter = letters("dev-1").getJsonObject(0);
    long id = letter.getLong("id");
    assertThat(letter.getString("reason")).isNotBlank();
    assertThat(values("dev-1")).isEmpty();
    JsonObject shown = api.get("/dead-letters/" + id);
    assertThat(shown.getString("payloadHex")).isEqualTo("182a");
    assertThat(shown.getString("payloadText")).isEqualTo("\u0018*");
    assertThat(shown.getString("contentType")).isEqualTo("application/json");

    JsonObject again = api.post("/dead-letters/" + id + "/replay", "");
    assertThat(again.getString("outcome")).isEqualTo("dead-letter");
    assertThat(again.getString("reason")).isEqualTo(letter.getString("reason"));

    JsonObject fixed =
        api.post("/dead-letters/" + id + "/replay", "{\"contentType\":\"application/cbor\"}");
    assertThat(fixed.getString("outcome")).isEqualTo("new");
    assertThat(letters("dev-1")).isEmpty();
    assertThat(values("dev-1").getJsonObject(0).getDouble("value")).isEqualTo(42.0);
    assertThat(api.send("POST", "/dead-letters/" + id + "/replay", "").statusCode())
        .isEqualTo(404);
    assertThat(api.get("/devices/dev-1/messages").getJsonArray("messages")).hasSize(1);
  }

  @Test
  void letters_arePaged_exported_andDiscarded() {
    for (int i = 1; i <= 3; i++) {
      publish("dev-2", "-m", "?" + i);
    }
    JsonObject first = api.get("/devices/dev-2/dead-letters?limit=2&payload=true");
    assertThat(first.getJsonArray("deadLetters").getJsonObject(0).getString("payloadBase64"))
        .isEqualTo("PzM=");
    JsonObject second = api.get("/dead-letters?device=dev-2&after=" + first.getString("next"));
    assertThat(second.getJsonArray("deadLetters")).hasSize(1);
    assertThat(second.getString("next")).isNull();

    long id = second.getJsonArray("deadLetters").getJsonObject(0).getLong("id");
    assertThat(api.post("/dead-letters/" + id + "/discard", "").getString("outcome"))
        .isEqualTo("discarded");
    assertThat(api.send("GET", "/dead-letters/" + id, "").statusCode()).isEqualTo(404);
    assertThat(letters("dev-2")).hasSize(2);
    assertThat(api.send("GET", "/dead-letters/x", "").statusCode()).isEqualTo(400);
  }

  @Test
  void messageOfTheFuture_isAcknowledgedAndHeld_andAnOperatorMayLetItGoOn() {
    publish("dev-3", "-m", "[{\"n\":\"t\",\"v\":1}]");
    publish("dev-3", "-m", "[{\"n\":\"t\",\"v\":2,\"t\":4102444800}]");
    assertThat(values("dev-3").getJsonObject(0).getDouble("value")).isEqualTo(1.0);
    JsonObject held = letters("dev-3").getJsonObject(0);
    assertThat(held.getString("due")).isEqualTo("2099-12-31T23:55:00Z");
    assertThat(held.getString("reason")).contains("2100-01-01T00:00:00Z", "at most 300 s");
    assertThat(api.post("/dead-letters/" + held.getLong("id") + "/replay", "").getString("outcome"))
        .isEqualTo("new");
    assertThat(values("dev-3").getJsonObject(0).getDouble("value")).isEqualTo(2.0);
  }
}
