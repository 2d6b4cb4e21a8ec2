/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.retention.Retention;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker whose telemetry is in PostgreSQL, with mosquitto_pub and HiveMQ's client. */
class PostgresBrokerIT {
  @TempDir
  static Path folder;

  private static EmbeddedPostgres server;
  private static BrokerFixture fixture;
  private static OperatorApi api;
  private static Mosquitto mosquitto;

  @BeforeAll
  static void start() throws Exception {
    server = EmbeddedPostgres.builder().setServerConfig("fsync", "on").start();
    Path password = Files.writeString(folder.resolve("password"), "not asked for\n");
    TelemetryStorage.Server database = new TelemetryStorage.Server(
        server.getJdbcUrl("ignored", "postgres").replaceAll("\\?.*", ""), "postgres", password);
    fixture = new BrokerFixture(folder);
    fixture.start(
        fixture.config(new TelemetryConfig(database, Retention.DEFAULT, IntakeLimits.DEFAULT)),
        sink -> sink);
    api = OperatorApi.of(fixture);
    mosquitto = new Mosquitto(fixture);
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
    server.close();
  }

  private static String topic(String device) {
    return "fleets/f1/devices/" + device + "/telemetry/env";
  }

  private static void publish(String device, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("-V", "mqttv5", "-q", "1", "-t", topic(device)));
    arguments.addAll(List.of(more));
    mosquitto.pub(device, device, arguments.toArray(String[]::new)).expectSuccess();
  }

  private static Map<String, Object> latest(String device) {
    return api.get("/devices/" + device + "/telemetry/latest").getJsonArray("values").stream()
        .map(JsonObject.class::cast)
        .collect(Collectors.toMap(one -> one.getString("metric"), one -> one.getValue("value")));
  }

  @Test
  void telemetryAndTwin_areKeptThere_andFoundAgain() {
    fixture.device("p1");
    publish("p1", "-m", "{\"t\":21.5}");
    assertThat(api.get("/telemetry/latest?device=p1")
            .getJsonArray("values")
            .getJsonObject(0)
            .getDouble("value"))
        .isEqualTo(21.5);
    JsonArray series = api.get("/devices/p1/telemetry").getJsonArray("series");
    assertThat(series.getJsonObject(0).getJsonArray("points")).hasSize(1);
    await()
        .until(
            () -> fixture.meters.get("muster.telemetry.rollup.behind").gauge().value() == 0);
    JsonObject twin = api.patch("/devices/p1/twin", "{\"interval\":5}");
    assertThat(twin.toString()).contains("interval");
    assertThat(fixture.broker().problem()).isEmpty();
    assertThat(folder.resolve("broker/telemetry.mv.db")).doesNotExist();
  }

  @Test
  void everyFormat_isStored_onceForEachIdentity_andCountedByTheTimeOfTheEvent() throws Exception {
    fixture.device("p2");
    Files.write(folder.resolve("c.cbor"), HexFormat.of().parseHex("81a200616302182a"));
    long minute = Instant.now().truncatedTo(ChronoUnit.HOURS).getEpochSecond() - 3_600;
    publish("p2", "-m", "[{\"n\":\"t\",\"u\":\"Cel\",\"v\":4,\"t\":" + (minute + 50) + "}]");
    publish("p2", "-m", "[{\"n\":\"t\",\"u\":\"Cel\",\"v\":2,\"t\":" + (minute + 10) + "}]");
    publish("p2", "-f", "c.cbor", "-D", "publish", "content-type", "application/senml+cbor");
    publish("p2", "-m", "{\"door\":true,\"note\":\"open\"}");
    publish("p2", "-m", "21.5");
    String[] numbered = {
      "-m",
      "{\"once\":1}",
      "-D",
      "publish",
      "user-property",
      "muster-boot",
      "b1",
      "-D",
      "publish",
      "user-property",
      "muster-seq",
      "7"
    };
    publish("p2", numbered);
    publish("p2", numbered);
    assertThat(latest("p2"))
        .containsAllEntriesOf(
            Map.of("t", 4.0, "c", 42.0, "door", true, "note", "open", "once", 1.0))
        .hasSize(6)
        .containsValue(21.5);
    assertThat(api.get("/devices/p2/messages").getJsonArray("messages")).hasSize(6);
    String minutes = "/telemetry/export?device=p2&metric=t&tier=1m&format=csv";
    await()
        .untilAsserted(() -> assertThat(api.send("GET", minutes, "").body())
            .contains("p2,env,t,Cel," + Instant.ofEpochSecond(minute) + ",3.0,2,2.0,4.0,4.0"));
  }

  @Test
  void unreadablePayload_isKeptAside_andReplayed() {
    fixture.device("p3");
    publish("p3", "-m", "?", "-D", "publish", "content-type", "application/json");
    publish("p3", "-m", "7", "-D", "publish", "content-type", "application/senml+json");
    JsonArray letters = api.get("/dead-letters?device=p3").getJsonArray("deadLetters");
    assertThat(letters).hasSize(2);
    long newest = letters.getJsonObject(0).getLong("id");
    JsonObject replayed =
        api.post("/dead-letters/" + newest + "/replay", "{\"contentType\":\"application/json\"}");
    assertThat(replayed.getString("outcome")).isEqualTo("new");
    assertThat(latest("p3")).containsValue(7.0);
    assertThat(api.get("/dead-letters?device=p3").getJsonArray("deadLetters")).hasSize(1);
  }

  /** Others wait for the same tables: as a server that is too slow, or does not answer. */
  @Test
  void whileTheServerDoesNotAnswer_nothingIsAcknowledged_andQuestionsEndWithAClearError()
      throws Exception {
    CompletableFuture<Mqtt5PublishResult> sent;
    Mqtt5AsyncClient client = fixture.patient("p4");
    try (Connection other = server.getPostgresDatabase().getConnection();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE message, sample IN ACCESS EXCLUSIVE MODE");
      sent = publish(client, "p4", 1);
      HttpResponse<String> answer =
          api.send("GET", "/devices/p4/telemetry/raw?stream=env&metric=n", "");
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(new JsonObject(answer.body()).getString("detail"))
          .isEqualTo("the query took longer than 10 s (expected: a shorter time, fewer devices, or"
              + " one stream and metric)");
      assertThat(sent).as("after the 10 s of the query").isNotDone();
      other.rollback();
    }
    assertThat(sent.get(60, TimeUnit.SECONDS).getError()).isEmpty();
    assertThat(latest("p4")).containsEntry("n", 1.0);
    client.disconnect().get(60, TimeUnit.SECONDS);
  }

  @Test
  void connectionsThatBreak_loseNothingThatWasAcknowledged_andDevicesGoOn() throws Exception {
    Mqtt5AsyncClient client = fixture.patient("p5");
    for (int number = 1; number <= 60; number++) {
      CompletableFuture<Mqtt5PublishResult> sent = publish(client, "p5", number);
      if (number % 20 == 0) {
        breakConnections();
      }
      assertThat(sent.get(60, TimeUnit.SECONDS).getError()).isEmpty();
    }
    client.disconnect().get(60, TimeUnit.SECONDS);
    // A question that meets a connection of before is asked again.
    await()
        .untilAsserted(() -> assertThat(
                api.get("/devices/p5/telemetry/raw?stream=env&metric=n").getJsonArray("values"))
            .extracting(value -> ((JsonObject) value).getDouble("value").intValue())
            .containsExactlyInAnyOrderElementsOf(
                IntStream.rangeClosed(1, 60).boxed().toList()));
    // A store says that it works again when it has kept something.
    await().untilAsserted(() -> {
      api.patch("/devices/p5/twin", "{\"interval\":5}");
      assertThat(fixture.broker().problem()).isEmpty();
    });
  }

  private static void breakConnections() throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          + " WHERE datname='postgres' AND pid<>pg_backend_pid()");
    }
  }

  private static CompletableFuture<Mqtt5PublishResult> publish(
      Mqtt5AsyncClient client, String device, int number) {
    return client
        .publishWith()
        .topic(topic(device))
        .qos(MqttQos.AT_LEAST_ONCE)
        .userProperties()
        .add("muster-boot", "b1")
        .add("muster-seq", Integer.toString(number))
        .applyUserProperties()
        .payload(("{\"n\":" + number + "}").getBytes(StandardCharsets.UTF_8))
        .send();
  }
}
