/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.DeviceClient.Library;
import dev.muster.testing.PeerProgram.Result;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Twins on the real broker, with mosquitto's clients, Paho and HiveMQ's client for devices. */
class TwinIT {
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

  private static Mosquitto.Subscriber device(String id, String... more) throws Exception {
    fixture.device(id);
    String[] arguments = new String[4 + more.length];
    System.arraycopy(
        new String[] {"-q", "1", "-t", "fleets/f1/devices/" + id + "/twin/desired"},
        0,
        arguments,
        0,
        4);
    System.arraycopy(more, 0, arguments, 4, more.length);
    return mosquitto.sub(id, id, arguments);
  }

  private static Result report(String id, String version, String payload) {
    fixture.device(id);
    return mosquitto.pub(
        id,
        id,
        "-V",
        version,
        "-q",
        "1",
        "-t",
        "fleets/f1/devices/" + id + "/twin/reported",
        "-m",
        payload);
  }

  @Test
  void desired_isSentOnSubscribing_andOnEachChange() throws Exception {
    api.patch("/devices/t1/twin", "{\"interval\":10,\"led\":{\"on\":true}}");
    try (Mosquitto.Subscriber device = device("t1")) {
      device.awaitOutput("{\"version\":1,\"desired\":{\"interval\":10,\"led\":{\"on\":true}},"
          + "\"delta\":{\"interval\":10,\"led\":{\"on\":true}},\"reportedVersion\":0}");
      api.patch("/devices/t1/twin", "{\"interval\":null,\"led\":{\"on\":false}}");
      device.awaitOutput("{\"version\":2,\"desired\":{\"led\":{\"on\":false}}");
      // Without effect: no version, no message.
      assertThat(
              api.patch("/devices/t1/twin", "{\"led\":{\"on\":false}}").getLong("desiredVersion"))
          .isEqualTo(2);
      api.patch("/devices/t1/twin", "{\"last\":1}");
      device.awaitOutput("{\"version\":3,");
      assertThat(device.output().split("\"version\":", -1)).hasSize(4);
    }
  }

  @Test
  void delta_leavesOutWhatTheDeviceReported() throws Exception {
    api.patch("/devices/t2/twin", "{\"a\":1,\"b\":{\"c\":[1,2],\"d\":\"x\"}}");
    report(
            "t2",
            "mqttv5",
            "{\"reported\":{\"a\":1.0,\"b\":{\"d\":\"x\"},\"own\":7},\"desiredVersion\":1}")
        .expectSuccess();
    JsonObject twin = api.get("/devices/t2/twin");
    assertThat(twin.getJsonObject("delta").encode()).isEqualTo("{\"b\":{\"c\":[1,2]}}");
    assertThat(twin.getLong("appliedVersion")).isEqualTo(1);
    try (Mosquitto.Subscriber device = device("t2")) {
      device.awaitOutput("\"delta\":{\"b\":{\"c\":[1,2]}},\"reportedVersion\":1}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mqttv311", "mqttv5"})
  void reported_isMerged_acrossVersionsOfMqtt(String version) {
    String id = "t3-" + version;
    report(id, version, "{\"reported\":{\"a\":1,\"b\":{\"c\":2}}}").expectSuccess();
    report(id, version, "{\"reported\":{\"a\":null,\"b\":{\"d\":3}}}").expectSuccess();
    // A redelivery changes nothing.
    report(id, version, "{\"reported\":{\"a\":null,\"b\":{\"d\":3}}}").expectSuccess();
    JsonObject twin = api.get("/devices/" + id + "/twin");
    assertThat(twin.getJsonObject("reported").encode()).isEqualTo("{\"b\":{\"c\":2,\"d\":3}}");
    assertThat(twin.getLong("reportedVersion")).isEqualTo(2);
    report(id, version, "{\"reported\":{\"z\":0},\"replace\":true}").expectSuccess();
    assertThat(api.get("/devices/" + id + "/twin").getJsonObject("reported").encode())
        .isEqualTo("{\"z\":0}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "21.5",
        "{\"temperature\":21.5}",
        "{\"reported\":[]}",
        "{\"reported\":{\"a\":1,\"a\":2}}",
        "{\"reported\":{\"a\":\"\\ud800\"}}",
        "{\"reported\":{},\"desiredVersion\":1}",
        "{\"reported\":{},\"ifVersion\":-1}",
        "{\"reported\":{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}"
      })
  void reported_asItMustNotBe_isRefusedInWords(String payload) {
    Result answer = report("t4", "mqttv5", payload);
    assertThat(answer.output()).contains("Payload format invalid");
    // An older client would send it for ever if it were not acknowledged.
    report("t4", "mqttv311", payload).expectSuccess();
    assertThat(api.get("/devices/t4/twin").getLong("reportedVersion")).isZero();
    assertThat(fixture
            .meters
            .get("muster.state.messages")
            .tag("outcome", "refused")
            .counter()
            .count())
        .isPositive();
  }

  @Test
  void reported_beyondTheLimit_isRefused_alsoBitByBit() {
    String part = "x".repeat(20_000);
    report("t5", "mqttv311", "{\"reported\":{\"a\":\"" + part + "\"}}").expectSuccess();
    assertThat(report("t5", "mqttv5", "{\"reported\":{\"b\":\"" + part + "\"}}").output())
        .contains("Payload format invalid");
    assertThat(api.get("/devices/t5/twin").getJsonObject("reported").fieldNames())
        .containsExactly("a");
    assertThat(api.get("/refusals/t5").encode())
        .contains("\"publish refused\":1")
        .contains("reported: ")
        .contains("(expected: at most 32768)");
  }

  @ParameterizedTest
  @EnumSource
  void reported_forAnotherVersion_isNotApplied_andTheTwinIsSentAnew(Library library)
      throws Exception {
    String id = library.id("t6");
    api.patch("/devices/" + id + "/twin", "{\"a\":1}");
    report(id, "mqttv5", "{\"reported\":{\"n\":1}}").expectSuccess();
    try (DeviceClient device = library.connect(fixture, id)) {
      device.subscribe("twin/desired");
      await().until(() -> device.received().size() == 1);
      assertThat(device.publish("twin/reported", "{\"reported\":{\"n\":2},\"ifVersion\":0}"))
          .isEqualTo(0x99);
      await().until(() -> device.received().size() == 2);
      assertThat(device.received().get(1)).contains("\"reportedVersion\":1}");
      assertThat(device.publish("twin/reported", "{\"reported\":{\"n\":2},\"ifVersion\":1}"))
          .isLessThan(0x80);
    }
    assertThat(api.get("/devices/" + id + "/twin").getLong("reportedVersion")).isEqualTo(2);
  }

  @Test
  void set_forAnotherVersion_is412_byTagAndByNumber() {
    HttpResponse<String> first = api.send("PATCH", "/devices/t7/twin", "{\"a\":1}");
    assertThat(first.headers().firstValue("ETag")).contains("\"1\"");
    assertThat(api.send("PATCH", "/devices/t7/twin?ifVersion=0", "{\"a\":2}").statusCode())
        .isEqualTo(412);
    HttpResponse<String> stale =
        api.send("PUT", "/devices/t7/twin", "{\"a\":2}", "If-Match", "\"7\"");
    assertThat(stale.statusCode()).isEqualTo(412);
    assertThat(stale.body()).contains("desired version: 1 (expected by this change: 7;");
    assertThat(api.send("PUT", "/devices/t7/twin", "{\"a\":2}", "If-Match", "W/\"1\"")
            .statusCode())
        .isEqualTo(412);
    assertThat(api.send("PUT", "/devices/t7/twin", "{\"b\":2}", "If-Match", "\"7\", \"1\"")
            .body())
        .contains("\"desired\":{\"b\":2},\"desiredVersion\":2");
    assertThat(api.send("PATCH", "/devices/t7/twin?ifVersion=2", "{\"b\":3}").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "[]", "{", "{\"a\":1,\"a\":2}"})
  void set_whatIsNoObject_is400(String body) {
    assertThat(api.send("PATCH", "/devices/t8/twin", body).statusCode()).isEqualTo(400);
    assertThat(api.send("PATCH", "/devices/t8/twin?ifVersion=x", "{}").statusCode())
        .isEqualTo(400);
    assertThat(api.send("PATCH", "/devices/T8/twin", "{}").statusCode()).isEqualTo(400);
  }

  @Test
  void set_beyondTheLimit_is400() {
    String body = "{\"a\":\"" + "x".repeat(33_000) + "\"}";
    HttpResponse<String> answer = api.send("PATCH", "/devices/t9/twin", body);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("bytes (expected: at most 32768)");
  }

  @Test
  void twinOfAnother_isNeitherReadNorWritten() throws Exception {
    fixture.device("t10");
    assertThat(mosquitto
            .pub(
                "t10",
                "t10",
                "-V",
                "mqttv5",
                "-q",
                "1",
                "-t",
                "fleets/f1/devices/t1/twin/reported",
                "-m",
                "{\"reported\":{}}")
            .output())
        .contains("Not authorized");
    mosquitto.expectDenied("t10", "t10", "fleets/f1/devices/t1/twin/desired");
  }

  @ParameterizedTest
  @EnumSource
  void twin_comesBackToAPersistentSession_withoutANewSubscription(Library library)
      throws Exception {
    String id = library.id("t11");
    try (DeviceClient device = library.connect(fixture, id, false)) {
      device.subscribe("twin/desired");
    }
    api.patch("/devices/" + id + "/twin", "{\"while\":\"away\"}");
    try (DeviceClient device = library.connect(fixture, id, false)) {
      await().until(() -> device.received().size() == 1);
      assertThat(device.received().get(0)).contains("\"desired\":{\"while\":\"away\"}");
    }
  }

  @ParameterizedTest
  @EnumSource
  void subscribingAgain_asksForTheTwinAgain_andForNothingElse(Library library) throws Exception {
    String id = library.id("t12");
    api.patch("/devices/" + id + "/twin", "{\"a\":1}");
    api.post("/devices/" + id + "/commands", "{\"name\":\"once\"}");
    try (DeviceClient device = library.connect(fixture, id)) {
      device.subscribe("commands/+");
      device.subscribe("twin/desired");
      await().until(() -> device.received().size() == 2);
      device.subscribe("commands/+");
      device.subscribe("twin/desired");
      await().until(() -> device.received().size() == 3);
      assertThat(device.received().get(2)).startsWith("{\"version\":1,");
    }
  }
}
