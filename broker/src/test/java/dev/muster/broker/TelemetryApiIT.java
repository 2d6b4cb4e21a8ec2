/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.testing.MovableClock;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The queries over the operator API, about what mosquitto_pub and HiveMQ's client have sent. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TelemetryApiIT {
  private static final Instant HOUR =
      Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(3));

  private static final int ROUNDS = 8;
  private static final MovableClock CLOCK = MovableClock.running();

  /**
   * In six hours something of each tier but the last is over; nothing is while {@link #HOUR}, which
   * began up to four hours ago, is asked for.
   */
  private static final Retention RETENTION = new Retention(
      Duration.ofHours(5), Duration.ofHours(8), Duration.ofHours(16), Duration.ofDays(3_650));

  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static OperatorApi api;
  private static Mosquitto mosquitto;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder);
    fixture.start(
        fixture.config(new TelemetryConfig(null, RETENTION, IntakeLimits.DEFAULT)),
        CLOCK,
        sink -> sink);
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

  private static void publish(String device, String stream, String payload, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("-q", "1", "-t", topic(device, stream), "-m", payload));
    arguments.addAll(List.of(more));
    mosquitto.pub(device, device, arguments.toArray(String[]::new)).expectSuccess();
  }

  private static String topic(String device, String stream) {
    return "fleets/f1/devices/" + device + "/telemetry/" + stream;
  }

  private static String value(Instant at, double value) {
    return "{\"n\":\"t\",\"v\":" + value + ",\"t\":" + at.getEpochSecond() + "}";
  }

  /** The lines of an export without its head. */
  private static List<String> export(String device, String tier) {
    String path = "/telemetry/export?format=csv&device=" + device + "&tier=" + tier;
    HttpResponse<String> answer = api.send("GET", path, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body().lines().skip(1).toList();
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
  void lateData_correctsRollups_andIsNotTheLatest_howeverOldItIs() {
    fixture.device("late");
    Instant newest = HOUR.plusSeconds(3_000);
    publish("late", "env", "[" + value(HOUR.plusSeconds(10), 5) + "," + value(newest, 7) + "]");
    await()
        .untilAsserted(() -> assertThat(export("late", "1h"))
            .containsExactly("late,env,t,," + HOUR + ",6.0,2,5.0,7.0,7.0"));
    Instant longAgo = Instant.parse("1979-07-05T05:20:00Z");
    publish("late", "env", "[" + value(longAgo, 1) + "]");
    publish(
        "late",
        "env",
        "[" + value(HOUR.plusSeconds(20), 50) + "," + value(HOUR.plusSeconds(5), -40) + "]");
    await().untilAsserted(() -> {
      assertThat(export("late", "1m")).contains("late,env,t,," + HOUR + ",5.0,3,-40.0,50.0,50.0");
      assertThat(export("late", "1h"))
          .containsExactly("late,env,t,," + HOUR + ",5.5,4,-40.0,50.0,7.0");
    });
    JsonObject latest =
        api.get("/devices/late/telemetry/latest").getJsonArray("values").getJsonObject(0);
    assertThat(latest.getDouble("value")).isEqualTo(7);
    assertThat(latest.getInstant("time")).isEqualTo(newest);
    JsonObject oldest = api.get(
            "/devices/late/telemetry/raw?stream=env&metric=t&from=1979-01-01T00:00:00Z")
        .getJsonArray("values")
        .getJsonObject(0);
    assertThat(oldest.getInstant("time")).isEqualTo(longAgo);
    assertThat(oldest.getDouble("value")).isEqualTo(1);
  }

  @Test
  void gaps_areTold_andCloseWithWhatComesLate() {
    fixture.device("gappy");
    for (int number : new int[] {1, 2, 5, 2}) {
      publishNumbered("gappy", "env", number);
    }
    await().untilAsserted(() -> {
      JsonObject told = api.get("/devices/gappy/gaps");
      assertThat(told.getInteger("missing")).isEqualTo(2);
      JsonObject boot = told.getJsonArray("boots").getJsonObject(0);
      assertThat(boot.getString("boot")).isEqualTo("b1");
      assertThat(boot.getJsonArray("gaps"))
          .containsExactly(new JsonObject().put("from", 3).put("to", 4));
    });
    assertThat(api.get("/devices/gappy/messages").getJsonArray("messages"))
        .as("2 came twice")
        .hasSize(3);
    publishNumbered("gappy", "door", 4);
    publishNumbered("gappy", "env", 3);
    await().untilAsserted(() -> {
      JsonObject told = api.get("/devices/gappy/gaps");
      assertThat(told.getInteger("missing")).isZero();
      assertThat(told.getJsonArray("boots").getJsonObject(0).getInteger("received"))
          .isEqualTo(5);
    });
  }

  private static void publishNumbered(String device, String stream, int number) {
    publish(
        device,
        stream,
        "{\"t\":" + number + "}",
        "-V",
        "mqttv5",
        "-D",
        "publish",
        "user-property",
        "muster-boot",
        "b1",
        "-D",
        "publish",
        "user-property",
        "muster-seq",
        Integer.toString(number));
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
    HttpResponse<String> minutes =
        api.send("GET", "/telemetry/export?device=q1&tier=1m&format=csv", "");
    assertThat(minutes.headers().firstValue("Muster-Tier")).contains("1m");
    assertThat(minutes.body().lines())
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
  void live_showsWhatIsAcknowledged_alsoWhileTheDatabaseStandsStill() throws Exception {
    AtomicReference<String> seen = new AtomicReference<>("");
    try (Connection holding = standStill();
        Socket socket = api.open("GET", "/telemetry/live?device=q3")) {
      Thread reader = new Thread(() -> readInto(seen, socket));
      reader.start();
      await().until(() -> seen.get().contains("text/event-stream"));
      publish("q3", "env", "{\"t\":7.25}");
      await()
          .untilAsserted(() -> assertThat(seen.get())
              .contains("Muster-Tier: raw")
              .contains("event: values")
              .contains("{\"device\":\"q3\",\"stream\":\"env\",\"metric\":\"t\"")
              .contains("\"value\":7.25"));
      assertThat(latest("q3")).as("in the database").isEmpty();
      holding.rollback();
      await().until(() -> !latest("q3").isEmpty());
    }
  }

  private static JsonArray latest(String device) {
    return api.get("/devices/" + device + "/telemetry/latest").getJsonArray("values");
  }

  /**
   * Until it is rolled back, the database takes nothing: whoever stores notes in that row how far.
   */
  private static Connection standStill() throws SQLException {
    Connection connection = DriverManager.getConnection(
        "jdbc:h2:paced:" + folder.toAbsolutePath().resolve("broker/telemetry"), "sa", "");
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT position FROM ingest_journal FOR UPDATE");
    }
    return connection;
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

  /** All that waits for him is one value of each series: there is no queue, which would grow. */
  @Test
  void live_whoDoesNotRead_getsTheNewestLater_andNobodyWaitsForHim() throws Exception {
    Mqtt5BlockingClient sender = fixture.hiveMqClient("q5").useMqttVersion5().buildBlocking();
    sender.connect();
    String path = "/telemetry/live?device=q5";
    try (Socket reading = api.open("GET", path);
        Socket slow = api.open("GET", path)) {
      // Both are under way; no more of the second is read.
      assertThat(reading.getInputStream().read()).isEqualTo('H');
      assertThat(slow.getInputStream().read()).isEqualTo('H');
      List<Integer> seen = new CopyOnWriteArrayList<>();
      CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> follow(reading, seen));
      for (int round = 1; round <= ROUNDS; round++) {
        sender
            .publishWith()
            .topic(topic("q5", "log"))
            .qos(MqttQos.AT_LEAST_ONCE)
            .payload(large(round).getBytes(StandardCharsets.UTF_8))
            .send();
        int number = round;
        await().until(() -> seen.contains(number));
      }
      reader.get(60, TimeUnit.SECONDS);
      List<Integer> seenLate = new ArrayList<>();
      follow(slow, seenLate);
      assertThat(seenLate)
          .as("what was between us already, and the last")
          .isSorted()
          .endsWith(ROUNDS)
          .hasSizeLessThan(ROUNDS);
    }
    sender.disconnect();
  }

  /** More than the buffers between us take. */
  private static String large(int round) {
    String text = round + "x".repeat(3_000);
    return IntStream.range(0, 40)
        .mapToObj(series -> "\"t" + series + "\":\"" + text + "\"")
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** Notes the round that each event shows, until it is the last. */
  private static void follow(Socket socket, List<Integer> rounds) {
    try {
      BufferedReader lines = new BufferedReader(
          new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      while (!rounds.contains(ROUNDS)) {
        String line = lines.readLine();
        if (line.startsWith("data: ")) {
          String text =
              new JsonArray(line.substring("data: ".length())).getJsonObject(0).getString("value");
          rounds.add(Integer.valueOf(text.substring(0, text.indexOf('x'))));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last of all, for it puts the clock forward. */
  @Test
  @Order(Integer.MAX_VALUE)
  void retention_endsEachTierInItsTime_whileAnotherGoesOnPublishing() throws Exception {
    fixture.device("aged");
    Instant now = CLOCK.instant();
    String pack = Stream.of(Duration.ofMinutes(30), Duration.ofHours(3), Duration.ofHours(12))
        .map(age -> value(now.minus(age), 1))
        .collect(Collectors.joining(",", "[", "]"));
    publish("aged", "env", pack);
    await().untilAsserted(() -> {
      assertThat(export("aged", "raw")).hasSize(3);
      assertThat(export("aged", "1m")).hasSize(2);
      assertThat(export("aged", "1h")).hasSize(3);
      assertThat(valuesOfDays("aged")).isEqualTo(3);
    });
    CLOCK.advance(Duration.ofHours(6));
    List<Integer> acknowledged = whilePublishing(
        "untouched",
        () -> await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
          assertThat(export("aged", "raw")).isEmpty();
          assertThat(export("aged", "1m")).hasSize(1);
          assertThat(export("aged", "1h")).hasSize(2);
        }));
    assertThat(valuesOfDays("aged")).isEqualTo(3);
    assertThat(acknowledged).isNotEmpty();
    await()
        .untilAsserted(() -> assertThat(export("untouched", "raw"))
            .extracting(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(',') + 1)))
            .containsExactlyElementsOf(acknowledged));
  }

  private static int valuesOfDays(String device) {
    return export(device, "1d").stream()
        .mapToInt(line -> Integer.parseInt(line.split(",")[6]))
        .sum();
  }

  /**
   * Does something while a device sends 50 messages a second, each when the one before is
   * acknowledged.
   *
   * @return what it has sent, each of which was acknowledged
   */
  private static List<Integer> whilePublishing(String device, Runnable work) throws Exception {
    Mqtt5BlockingClient client = fixture.hiveMqClient(device).useMqttVersion5().buildBlocking();
    client.connect();
    List<Integer> acknowledged = new CopyOnWriteArrayList<>();
    ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    ScheduledFuture<?> publishing = thread.scheduleAtFixedRate(
        () -> {
          int number = acknowledged.size() + 1;
          client
              .publishWith()
              .topic(topic(device, "env"))
              .qos(MqttQos.AT_LEAST_ONCE)
              .payload(("{\"n\":" + number + "}").getBytes(StandardCharsets.UTF_8))
              .send();
          acknowledged.add(number);
        },
        0,
        20,
        TimeUnit.MILLISECONDS);
    work.run();
    assertThat(publishing.isDone()).as("a message was not acknowledged").isFalse();
    thread.shutdown();
    assertThat(thread.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    client.disconnect();
    return acknowledged;
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
