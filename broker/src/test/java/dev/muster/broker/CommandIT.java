/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.extension.sdk.api.packets.general.Qos;
import com.hivemq.extension.sdk.api.services.Services;
import com.hivemq.extension.sdk.api.services.builder.Builders;
import dev.muster.broker.DeviceClient.Library;
import dev.muster.testing.PeerProgram.Result;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on the real broker, with mosquitto's clients, Paho and HiveMQ's client for devices. */
class CommandIT {
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

  private static JsonObject send(String device, String order) {
    return api.post("/devices/" + device + "/commands", order);
  }

  private static JsonObject show(String id) {
    return api.get("/commands/" + id);
  }

  private static String stateOf(String id) {
    return show(id).getString("state");
  }

  private static DeviceClient listening(String device) throws Exception {
    return listening(Library.PAHO, device);
  }

  private static DeviceClient listening(Library library, String device) throws Exception {
    DeviceClient client = library.connect(fixture, device);
    client.subscribe("commands/+");
    return client;
  }

  @ParameterizedTest
  @CsvSource({"mqttv311", "mqttv5"})
  void command_toADeviceThatIsThere_isSent_andItsResultKept(String version) throws Exception {
    String device = "c1-" + version;
    fixture.device(device);
    String topics = "fleets/f1/devices/" + device + "/commands/";
    String id;
    try (Mosquitto.Subscriber subscriber = mosquitto
        .sub(device, device, "-V", version, "-q", "1", "-t", topics + "+", "-v")
        .awaitOutput("Subscribed")) {
      JsonObject sent =
          send(device, "{\"name\":\"blink\",\"payload\":{\"times\":3},\"validForSeconds\":60}");
      id = sent.getString("id");
      subscriber.awaitOutput(topics + id + " {\"id\":\"" + id
          + "\",\"name\":\"blink\",\"payload\":{\"times\":3},\"deadline\":\""
          + sent.getString("deadline") + "\"}");
      await().untilAsserted(() -> assertThat(stateOf(id)).isEqualTo("sent"));
    }
    mosquitto
        .pub(
            device,
            device,
            "-V",
            version,
            "-q",
            "1",
            "-t",
            topics + id + "/result",
            "-m",
            "{\"status\":\"done\",\"payload\":[1,2,3],\"detail\":\"blinked\"}")
        .expectSuccess();
    JsonObject done = show(id);
    assertThat(done.getString("state")).isEqualTo("done");
    assertThat(done.getJsonObject("result").getString("status")).isEqualTo("done");
    assertThat(done.getJsonObject("result").getJsonArray("payload").encode()).isEqualTo("[1,2,3]");
    assertThat(done.getJsonObject("result").getString("detail")).isEqualTo("blinked");
    assertThat(api.get("/devices/" + device + "/commands").getJsonArray("commands"))
        .singleElement()
        .satisfies(one -> assertThat(((JsonObject) one).getString("id")).isEqualTo(id));
  }

  @ParameterizedTest
  @EnumSource
  void command_toADeviceThatIsAway_waitsForIt(Library library) throws Exception {
    String device = library.id("c2");
    String id = send(device, "{\"name\":\"reboot\"}").getString("id");
    assertThat(stateOf(id)).isEqualTo("queued");
    try (DeviceClient client = listening(library, device)) {
      await().until(() -> client.received().size() == 1);
      assertThat(client.topics().get(0)).endsWith("/commands/" + id);
      await().untilAsserted(() -> assertThat(stateOf(id)).isEqualTo("sent"));
    }
  }

  @Test
  void command_sentAgainByOneKey_isOne_andAnotherByItIsRefused() {
    String path = "/devices/c2b/commands";
    String blink = "{\"name\":\"blink\"}";
    String[] key = {"Idempotency-Key", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""};
    HttpResponse<String> first = api.send("POST", path, blink, key);
    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(api.send("POST", path, blink, key).body()).isEqualTo(first.body());
    assertThat(api.get(path).getJsonArray("commands")).hasSize(1);
    assertThat(api.send("POST", path, "{\"name\":\"reboot\"}", key).statusCode())
        .isEqualTo(422);
    assertThat(api.send("POST", "/devices/c2c/commands", blink, key).statusCode())
        .as("another device's")
        .isEqualTo(200);
    assertThat(api.send("POST", path, blink, "Idempotency-Key", "1").statusCode())
        .isEqualTo(400);
  }

  @Test
  void commands_comeInOrder() throws Exception {
    for (int i = 0; i < 20; i++) {
      send("c3", "{\"name\":\"n" + i + "\"}");
    }
    try (DeviceClient device = listening("c3")) {
      await().until(() -> device.received().size() == 20);
      for (int i = 0; i < 20; i++) {
        assertThat(device.received().get(i)).contains("\"name\":\"n" + i + "\"");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void command_withoutResult_isSentAgainAfterAReconnect_oneWithResultIsNot(Library library)
      throws Exception {
    String device = library.id("c4");
    String answered = send(device, "{\"name\":\"one\"}").getString("id");
    String open = send(device, "{\"name\":\"two\"}").getString("id");
    try (DeviceClient client = listening(library, device)) {
      await().until(() -> client.received().size() == 2);
      assertThat(client.publish("commands/" + answered + "/result", "{\"status\":\"done\"}"))
          .isLessThan(0x80);
      // The same connection hears nothing twice, whatever else it subscribes.
      client.subscribe("twin/desired");
      String third = send(device, "{\"name\":\"three\"}").getString("id");
      await().until(() -> client.received().size() == 3);
      client.publish("commands/" + third + "/result", "{\"status\":\"failed\"}");
      assertThat(stateOf(third)).isEqualTo("failed");
    }
    try (DeviceClient client = listening(library, device)) {
      await().until(() -> !client.received().isEmpty());
      String marker = send(device, "{\"name\":\"marker\"}").getString("id");
      await().until(() -> client.topics().size() == 2);
      assertThat(client.topics().get(0)).endsWith(open);
      assertThat(client.topics().get(1)).endsWith(marker);
    }
  }

  @ParameterizedTest
  @EnumSource
  void command_afterItsDeadline_isExpired_andNotSent(Library library) throws Exception {
    String device = library.id("c5");
    String id = send(device, "{\"name\":\"late\",\"validForSeconds\":1}").getString("id");
    await().untilAsserted(() -> assertThat(stateOf(id)).isEqualTo("expired"));
    try (DeviceClient client = listening(library, device)) {
      send(device, "{\"name\":\"marker\"}");
      await().until(() -> !client.received().isEmpty());
      assertThat(client.received().get(0)).contains("marker");
      // What the device did all the same is kept, and changes nothing.
      client.publish("commands/" + id + "/result", "{\"status\":\"done\",\"payload\":1}");
    }
    JsonObject late = show(id);
    assertThat(late.getString("state")).isEqualTo("expired");
    assertThat(late.getString("endedAt")).isEqualTo(late.getString("deadline"));
    assertThat(late.getJsonObject("result").getString("status")).isEqualTo("done");
  }

  @ParameterizedTest
  @EnumSource
  void command_cancelledInTime_isNotSent(Library library) throws Exception {
    String device = library.id("c6");
    String id = send(device, "{\"name\":\"never\"}").getString("id");
    assertThat(api.post("/commands/" + id + "/cancel", "").getString("state"))
        .isEqualTo("cancelled");
    assertThat(api.post("/commands/" + id + "/cancel", "").getString("state"))
        .isEqualTo("cancelled");
    try (DeviceClient client = listening(library, device)) {
      String marker = send(device, "{\"name\":\"marker\"}").getString("id");
      await().until(() -> !client.received().isEmpty());
      assertThat(client.received().get(0)).contains("marker");
      client.publish("commands/" + marker + "/result", "{\"status\":\"done\"}");
      assertThat(api.send("POST", "/commands/" + marker + "/cancel", "").statusCode())
          .isEqualTo(409);
    }
  }

  /** What lies in a queue of the broker may be over by the time its device is back. */
  @ParameterizedTest
  @EnumSource
  void command_cancelledWhileItWaitsInASession_isNotDelivered(Library library) throws Exception {
    String device = library.id("c7");
    try (DeviceClient client = library.connect(fixture, device, false)) {
      client.subscribe("commands/+");
    }
    // Handed to the session of a device that is away, as it is in the moment in which one goes.
    String id = send(device, "{\"name\":\"stale\"}").getString("id");
    Services.publishService()
        .publish(Builders.publish()
            .topic("fleets/f1/devices/" + device + "/commands/" + id)
            .qos(Qos.AT_LEAST_ONCE)
            .payload(ByteBuffer.wrap("stale".getBytes(StandardCharsets.UTF_8)))
            .build())
        .get(60, TimeUnit.SECONDS);
    api.post("/commands/" + id + "/cancel", "");
    double before = notDelivered();
    try (DeviceClient client = library.connect(fixture, device, false)) {
      send(device, "{\"name\":\"marker\"}");
      await().until(() -> !client.received().isEmpty());
      assertThat(client.received().get(0)).contains("marker");
      assertThat(notDelivered()).isEqualTo(before + 1);
    }
  }

  private static double notDelivered() {
    return fixture
        .meters
        .counter("muster.broker.refused", "operation", "deliver", "reason", "ended")
        .count();
  }

  @ParameterizedTest
  @EnumSource
  void result_secondOrOfAnother_changesNothing(Library library) throws Exception {
    String device = library.id("c8");
    String id = send(device, "{\"name\":\"x\"}").getString("id");
    try (DeviceClient client = listening(library, device)) {
      await().until(() -> client.received().size() == 1);
      assertThat(client.publish("commands/" + id + "/result", "{\"status\":\"refused\"}"))
          .isLessThan(0x80);
      assertThat(client.publish("commands/" + id + "/result", "{\"status\":\"done\"}"))
          .isLessThan(0x80);
    }
    assertThat(stateOf(id)).isEqualTo("failed");
    assertThat(show(id).getJsonObject("result").getString("status")).isEqualTo("refused");
    String other = send(device, "{\"name\":\"y\"}").getString("id");
    try (DeviceClient thief = library.connect(fixture, library.id("c9"))) {
      assertThat(thief.publish("commands/" + other + "/result", "{\"status\":\"done\"}"))
          .isEqualTo(0x99);
    }
    assertThat(stateOf(other)).isEqualTo("queued");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "{}", "{\"status\":\"ok\"}", "{\"status\":\"done\",\"x\":1}"})
  void result_asItMustNotBe_isRefused_andTheCommandStaysOpen(String payload) throws Exception {
    String id = send("c10", "{\"name\":\"x\"}").getString("id");
    try (PahoDevice device = PahoDevice.connect(fixture, "c10")) {
      assertThat(device.publish("commands/" + id + "/result", payload)).isEqualTo(0x99);
      device.publish(
          "commands/" + id + "/result",
          "{\"status\":\"done\",\"payload\":\"" + "x".repeat(65_600) + "\"}");
    }
    assertThat(stateOf(id)).isIn("queued", "sent");
    Result old = mosquitto.pub(
        "c10",
        "c10",
        "-V",
        "mqttv311",
        "-q",
        "1",
        "-t",
        "fleets/f1/devices/c10/commands/" + id + "/result",
        "-m",
        payload);
    old.expectSuccess();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"name\":\"a b\"}",
        "{\"name\":\"x\",\"validForSeconds\":0}",
        "{\"name\":\"x\",\"validForSeconds\":99999999}",
        "{\"name\":\"x\",\"validForSeconds\":\"1\"}",
        "{\"name\":\"x\",\"deadline\":1}"
      })
  void order_asItMustNotBe_is400(String order) {
    assertThat(api.send("POST", "/devices/c11/commands", order).statusCode()).isEqualTo(400);
    String large = "{\"name\":\"x\",\"payload\":\"" + "x".repeat(65_600) + "\"}";
    assertThat(api.send("POST", "/devices/c11/commands", large).statusCode()).isEqualTo(400);
    assertThat(api.send("GET", "/commands/none", "").statusCode()).isEqualTo(404);
    assertThat(api.send("POST", "/commands/none/cancel", "").statusCode()).isEqualTo(404);
  }

  @Test
  void orders_moreThanADeviceMayHaveOpen_are409() {
    for (int i = 0; i < 100; i++) {
      send("c12", "{\"name\":\"x\"}");
    }
    HttpResponse<String> answer = api.send("POST", "/devices/c12/commands", "{\"name\":\"x\"}");
    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.body()).contains("100 are open (expected: fewer;");
    JsonObject page = api.get("/devices/c12/commands?limit=60");
    assertThat(page.getJsonArray("commands")).hasSize(60);
    JsonObject rest = api.get("/devices/c12/commands?limit=60&after=" + page.getString("next"));
    assertThat(rest.getJsonArray("commands")).hasSize(40);
    assertThat(rest.getString("next")).isNull();
  }

  @Test
  void command_ofAnotherDevice_isNotHeard() throws Exception {
    fixture.device("c13");
    for (String filter :
        new String[] {"fleets/f1/devices/c2/commands/+", "fleets/f1/devices/+/commands/+"}) {
      mosquitto.expectDenied("c13", "c13", filter);
    }
  }
}
