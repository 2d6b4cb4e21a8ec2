/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The queries over the operator API, about what mosquitto_pub has sent. */
class TelemetryApiIT {
  private static final Instant HOUR =
      Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(3));

  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static OperatorApi api;
  private static Mosquitto mosquitto;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder).start();
    api = OperatorApi.of(fixture);
    mosquitto = new Mosquitto(fixture);
    fixture.device("q1");
    fixture.device("q2");
    fixture.device("q3");
    StringBuilder pack = new StringBuilder("[");
    for (int i = 0; i < 240; i++) {
      pack.append(i == 0 ? "" : ",")
          .append("{\"n\":\"t\",\"u\":\"Cel\",\"v\":")
          .append(i == 100 ? -40.5 : i % 10)
          .append(",\"t\":")
          .append(HOUR.getEpochSecond() + i * 15)
          .append("}");
    }
    publish("q1", "env", pack.append("]").toString());
    publish("q2", "env", "{\"t\":1,\"note\":\"=HYPERLINK(1)\"}");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> fixture.meters.get("muster.telemetry.rollup.behind").gauge().value() == 0
                && !series("/devices/q1/telemetry?points=60&" + range()).isEmpty());
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static void publish(String device, String stream, String payload) {
    mosquitto
        .pub(
            device,
            device,
            "-q",
            "1",
            "-t",
            "fleets/f1/devices/" + device + "/telemetry/" + stream,
            "-m",
            payload)
        .expectSuccess();
  }

  private static String range() {
    return "from=" + HOUR + "&to=" + HOUR.plus(Duration.ofHours(1));
  }

  private static JsonArray series(String path) {
    return api.get(path).getJsonArray("series");
  }

  @Test
  void series_isAnsweredFromTheTierThatFits_andNamesIt() {
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
      JsonObject answer = api.get("/devices/q1/telemetry?stream=env&points=60&" + range());
      assertThat(answer.getString("tier")).isEqualTo("1m");
      JsonObject one = answer.getJsonArray("series").getJsonObject(0);
      assertThat(one.getString("tier")).isEqualTo("1m");
      assertThat(one.getInteger("stepSeconds")).isEqualTo(60);
      assertThat(one.getJsonArray("points")).hasSize(60);
      assertThat(one.getJsonArray("points").getJsonObject(25).getDouble("min")).isEqualTo(-40.5);
    });
    JsonObject raw = api.get("/devices/q1/telemetry?points=1000&" + range());
    assertThat(raw.getString("tier")).isEqualTo("raw");
    assertThat(raw.getJsonArray("series").getJsonObject(0).getJsonArray("points"))
        .hasSize(240);
  }

  @Test
  void manyDevices_areAskedAtOnce() {
    JsonObject latest =
        api.get("/telemetry/latest?device=q2&device=q1&device=nobody&metric=t&stream=env");
    assertThat(latest.getJsonArray("values").stream()
            .map(value -> ((JsonObject) value).getString("device")))
        .containsExactly("q1", "q2");
    JsonObject first = api.get("/telemetry/latest?device=q2&device=q1&limit=1");
    JsonObject second =
        api.get("/telemetry/latest?device=q2&device=q1&limit=5&after=" + first.getString("next"));
    assertThat(first.getString("tier")).isEqualTo("raw");
    assertThat(first.getJsonArray("values")).hasSize(1);
    assertThat(second.getJsonArray("values")).hasSize(2);
    assertThat(second.getString("next")).isNull();
    assertThat(series("/telemetry?device=q1&device=q2")).hasSize(3);
    assertThat(series("/telemetry?device=q1&device=q2&series=env/note&series=env/nothing"))
        .singleElement()
        .satisfies(one -> assertThat(((JsonObject) one).getString("device")).isEqualTo("q2"));
    assertThat(series("/telemetry?device=q1&device=q2&series=env/note&series=env/t"))
        .hasSize(3);
  }

  @Test
  void raw_isPagedWithACursor() {
    String path = "/devices/q1/telemetry/raw?stream=env&metric=t&limit=100&" + range();
    JsonObject page = api.get(path);
    int count = page.getJsonArray("values").size();
    while (page.getString("next") != null) {
      page = api.get(path + "&after=" + page.getString("next"));
      count += page.getJsonArray("values").size();
    }
    assertThat(count).isEqualTo(240);
    assertThat(page.getString("tier")).isEqualTo("raw");
  }

  @Test
  void export_isNdjsonOrCsv_safeForSpreadsheets() {
    String ndjson = api.send("GET", "/telemetry/export?device=q1&device=q2", "").body();
    assertThat(ndjson.lines()).hasSize(242);
    assertThat(ndjson.lines().map(JsonObject::new))
        .allSatisfy(line -> assertThat(line.getString("stream")).isEqualTo("env"));
    String csv =
        api.send("GET", "/telemetry/export?device=q1&device=q2&format=csv", "").body();
    assertThat(csv.lines())
        .hasSize(243)
        .startsWith("device,stream,metric,unit,time,value")
        .contains("q1,env,t,Cel," + HOUR.plusSeconds(1_500) + ",-40.5")
        .anySatisfy(
            line -> assertThat(line).startsWith("q2,env,note,,").endsWith(",'=HYPERLINK(1)"));
    String minutes =
        api.send("GET", "/telemetry/export?device=q1&tier=1m&format=csv", "").body();
    assertThat(minutes.lines())
        .hasSize(61)
        .startsWith("device,stream,metric,unit,time,mean,count,min,max,last");
  }

  @Test
  void export_thatIsBrokenOff_makesRoomForTheNext() throws Exception {
    int values = fillWithText("q4");
    // More than all the buffers between us take.
    String path = "/telemetry/export?device=q4";
    List<Socket> unread = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Socket socket = api.open("GET", path);
      // It is under way; no more of it is read.
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      unread.add(socket);
    }
    assertThat(api.send("GET", path, "").statusCode()).as("there are enough").isEqualTo(503);
    for (Socket socket : unread) {
      socket.close();
    }
    await().until(() -> api.send("GET", path, "").body().lines().count() == values);
  }

  /** @return how many values, twelve megabytes in all */
  private static int fillWithText(String device) throws Exception {
    String text = "x".repeat(3_000);
    try (PahoDevice sender = PahoDevice.connect(fixture, device)) {
      for (int message = 0; message < 100; message++) {
        StringBuilder pack = new StringBuilder("[");
        for (int i = 0; i < 40; i++) {
          pack.append(i == 0 ? "" : ",")
              .append("{\"n\":\"text\",\"vs\":\"")
              .append(text)
              .append("\",\"t\":")
              .append(HOUR.getEpochSecond() + message * 40 + i)
              .append('}');
        }
        assertThat(sender.publish("telemetry/log", pack.append(']').toString())).isLessThan(0x80);
      }
    }
    return 4_000;
  }

  @Test
  void live_showsWhatIsStored() throws Exception {
    AtomicReference<String> seen = new AtomicReference<>("");
    try (Socket socket = api.open("GET", "/telemetry/live?device=q3")) {
      Thread reader = new Thread(() -> readInto(seen, socket));
      reader.start();
      await().until(() -> seen.get().contains("text/event-stream"));
      publish("q3", "env", "{\"t\":7.25}");
      await()
          .untilAsserted(() -> assertThat(seen.get())
              .contains("event: values")
              .contains("{\"device\":\"q3\",\"stream\":\"env\",\"metric\":\"t\"")
              .contains("\"value\":7.25"));
    }
  }

  private static void readInto(AtomicReference<String> seen, Socket socket) {
    byte[] buffer = new byte[4_096];
    try (InputStream in = socket.getInputStream()) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        String text = new String(buffer, 0, read, StandardCharsets.UTF_8);
        seen.updateAndGet(before -> before + text);
      }
    } catch (IOException e) {
      // Closed by the test.
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/devices/q1/telemetry?points=1              | points: \"1\" (expected: 2 to 10000)",
        "/devices/q1/telemetry?point=5               | \"point\": no parameter",
        "/devices/q1/telemetry?from=yesterday        | from: \"yesterday\" (expected: RFC 3339",
        "/devices/q1/telemetry?stream=a&stream=b     | stream: 2 of them (expected: at most one)",
        "/devices/Q1/telemetry                       | (expected:",
        "/telemetry                                  | device: missing (expected: 1 to 1000",
        "/telemetry/latest?device=q1&after=x         | after: \"x\" (expected: the next of the page",
        "/telemetry/latest?device=q1&after=q9/a/b    | after: \"q9\" (expected: the next of the page",
        "/devices/q1/telemetry/raw?stream=env        | metric: missing",
        "/devices/q1/telemetry/raw?stream=a&metric=b&after=9 | after: \"9\" (expected: the next",
        "/telemetry/export?device=q1&tier=2m         | tier: \"2m\" (expected: raw, 1m, 1h, 1d)",
        "/telemetry/export?device=q1&format=xml      | format: \"xml\" (expected: ndjson, csv)",
        "/telemetry?device=q1&series=t               | series: \"t\" (expected: STREAM/METRIC",
        "/telemetry?device=q1&series=a/b&stream=a    | series: with stream or metric",
        "/telemetry/live?devices=q1                  | \"devices\": no parameter"
      })
  void badParameters_areRefused_withNameValueAndExpectation(String path, String detail) {
    var response = api.send("GET", path, "");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(new JsonObject(response.body()).getString("detail")).contains(detail);
  }

  @Test
  void tooManySeries_areRefused() {
    String many = String.join("&", Collections.nCopies(51, "series=a/b"));
    var response = api.send("GET", "/telemetry?device=q1&" + many, "");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("series: 51 of them (expected: at most 50)");
  }

  @Test
  void tooManyDevices_areRefused() {
    String many = String.join("&", Collections.nCopies(1_001, "device=a"));
    var response = api.send("GET", "/telemetry/latest?" + many, "");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("1001 of them (expected: at most 1000)");
  }
}
