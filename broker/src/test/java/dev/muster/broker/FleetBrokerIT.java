/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram.Result;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** mosquitto's clients against a real broker: what is let in, granted, stored and seen. */
class FleetBrokerIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static Mosquitto mosquitto;
  private static int apiPort;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BrokerFixture(folder);
    Files.writeString(folder.resolve("policy.yaml"), policyWithARetainedEvent());
    fixture.start();
    mosquitto = new Mosquitto(fixture);
    fixture.device("dev-1");
    fixture.device("dev-2");
    fixture.service("reader", "consumer");
    Router router = Router.router(fixture.vertx());
    Router api = Router.router(fixture.vertx());
    fixture.broker().mountOperatorRoutes(api);
    router.route("/api/v1/*").subRouter(api);
    apiPort = fixture
        .vertx()
        .createHttpServer()
        .requestHandler(router)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(5, TimeUnit.SECONDS)
        .actualPort();
  }

  /** The default, but that devices may have one of their events kept. */
  private static String policyWithARetainedEvent() {
    String state = "      - { topic: \"fleets/${subject.O}/devices/${subject.CN}/events/state\","
        + " retain: true }\n";
    return DefaultPolicy.yaml()
        .replaceFirst("(OU: device }\n(?s:.*?)publish:\n)", "$1" + Matcher.quoteReplacement(state));
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  private static HttpResponse<String> ask(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + apiPort + "/api/v1" + path))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static JsonObject get(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = ask(path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return new JsonObject(response.body());
  }

  private static String topic(String device, String rest) {
    return "fleets/f1/devices/" + device + "/" + rest;
  }

  @ParameterizedTest
  @CsvSource({"mqttv311", "mqttv5"})
  void telemetry_ofADevice_isStoredAndSeenLive(String version) throws Exception {
    try (Mosquitto.Subscriber reader = mosquitto
        .sub("reader", "reader", "-q", "1", "-t", "fleets/+/devices/+/telemetry/#")
        .awaitOutput("Subscribed")) {
      mosquitto
          .pub(
              "dev-1",
              "dev-1",
              "-V",
              version,
              "-q",
              "1",
              "-t",
              topic("dev-1", "telemetry/" + version),
              "-m",
              "{\"temperature\":21.5,\"open\":true,\"note\":\"ok\"}")
          .expectSuccess();
      reader.awaitOutput("{\"temperature\":21.5,\"open\":true,\"note\":\"ok\"}");
    }
    JsonObject latest = get("/devices/dev-1/telemetry/latest");
    assertThat(latest.getJsonArray("values").stream()
            .map(JsonObject.class::cast)
            .filter(value -> value.getString("stream").equals(version))
            .map(value -> value.getString("metric") + "=" + value.getValue("value")))
        .containsExactly("note=ok", "open=true", "temperature=21.5");
    JsonObject series = get("/devices/dev-1/telemetry?stream=" + version + "&metric=temperature");
    assertThat(series.getString("tier")).isEqualTo("raw");
    JsonArray points = series.getJsonArray("series").getJsonObject(0).getJsonArray("points");
    assertThat(points.getJsonObject(0).getDouble("value")).isEqualTo(21.5);
  }

  @Test
  void telemetry_withQos0_isStoredAndCounted() throws Exception {
    double before = stored();
    mosquitto
        .pub("dev-1", "dev-1", "-q", "0", "-t", topic("dev-1", "telemetry/qos0"), "-m", "{\"a\":7}")
        .expectSuccess();
    await().until(() -> get("/devices/dev-1/telemetry/latest").encode().contains("\"qos0\""));
    assertThat(stored()).isEqualTo(before + 1);
  }

  private static double stored() {
    return fixture.meters.counter("muster.telemetry.messages", "outcome", "new").count();
  }

  @Test
  void sharedSubscription_ofTheConsumersOwnGroup_isGranted_andNoOther() throws Exception {
    String filter = "/fleets/+/devices/+/telemetry/shared";
    try (Mosquitto.Subscriber reader = mosquitto
        .sub("reader", "reader:3", "-q", "1", "-t", "$share/reader:a" + filter)
        .awaitOutput("Subscribed")) {
      mosquitto
          .pub("dev-1", "dev-1", "-q", "1", "-t", topic("dev-1", "telemetry/shared"), "-m", "4711")
          .expectSuccess();
      reader.awaitOutput("4711");
    }
    mosquitto.expectDenied("reader", "reader:3", "$share/other" + filter);
  }

  @Test
  void redelivery_withTheSameIdentity_isStoredOnce() throws Exception {
    for (int i = 0; i < 2; i++) {
      mosquitto
          .pub(
              "dev-2",
              "dev-2",
              "-V",
              "mqttv5",
              "-q",
              "1",
              "-t",
              topic("dev-2", "telemetry/once"),
              "-m",
              "[{\"n\":\"t\",\"v\":1}]",
              "-D",
              "publish",
              "user-property",
              "muster-boot",
              "b1",
              "-D",
              "publish",
              "user-property",
              "muster-seq",
              "7")
          .expectSuccess();
    }
    JsonArray messages = get("/devices/dev-2/messages").getJsonArray("messages");
    assertThat(messages.stream()
            .map(JsonObject.class::cast)
            .filter(message -> message.getString("stream").equals("once")))
        .singleElement()
        .satisfies(message -> {
          assertThat(message.getString("boot")).isEqualTo("b1");
          assertThat(message.getLong("sequence")).isEqualTo(7);
        });
  }

  @Test
  void unreadablePayload_isAcknowledgedAndKept() throws Exception {
    mosquitto
        .pub("dev-2", "dev-2", "-q", "1", "-t", topic("dev-2", "telemetry/bad"), "-m", "{\"a\":{}}")
        .expectSuccess();
    JsonArray letters = get("/devices/dev-2/dead-letters").getJsonArray("deadLetters");
    assertThat(letters.toString()).contains("no measurement in it").contains("\"bad\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "telemetry?from=-999999999-01-01T00:00:00Z",
        "telemetry?to=%2B999999999-12-31T23:59:59Z",
        "telemetry?from=yesterday",
        "telemetry/latest?limit=0",
        "telemetry/latest?after=x",
        "messages?limit=0"
      })
  void query_outOfRange_is400(String query) throws Exception {
    assertThat(ask("/devices/dev-1/" + query).statusCode()).isEqualTo(400);
  }

  @Test
  void latest_isPaged() throws Exception {
    mosquitto
        .pub(
            "dev-2",
            "dev-2",
            "-q",
            "1",
            "-t",
            topic("dev-2", "telemetry/A"),
            "-m",
            "{\"a/b\":1,\"c\":2}")
        .expectSuccess();
    JsonObject first = get("/devices/dev-2/telemetry/latest?limit=1");
    assertThat(first.getString("next")).isEqualTo("A/a/b");
    JsonObject second = get("/devices/dev-2/telemetry/latest?limit=1&after=A/a/b");
    assertThat(second.getJsonArray("values").getJsonObject(0).getString("metric"))
        .isEqualTo("c");
  }

  @Test
  void sessions_showWhoIsConnected() throws Exception {
    try (Mosquitto.Subscriber reader =
        mosquitto.sub("reader", "reader:2", "-t", "fleets/+/devices/+/events/#")) {
      reader.awaitOutput("Subscribed");
      assertThat(get("/sessions").toString())
          .contains("reader:2")
          .contains("CN=reader,OU=consumer");
    }
    await().untilAsserted(() -> assertThat(get("/sessions").toString()).doesNotContain("reader:2"));
  }

  // ---- who is not let in

  private static void expectRefused(Result result) {
    assertThat(result.exitCode()).as(result.output()).isNotZero();
  }

  private Result publishAs(String credential, String clientId) {
    return mosquitto.pub(
        credential, clientId, "-q", "1", "-t", topic("dev-1", "telemetry/x"), "-m", "1");
  }

  @Test
  void connect_withoutCertificate_isRefused() {
    expectRefused(publishAs("", "dev-1"));
  }

  @Test
  void connect_ofAnUnknownCaWithTheRightNames_isRefused() {
    Credential fakeRoot = TestPki.root("CN=Test Root");
    Credential fakeCa = fakeRoot.issue("CN=Device CA").ca().build();
    fixture.keep("fake", fakeCa.issue(BrokerFixture.deviceName("dev-1")).build());
    expectRefused(publishAs("fake", "dev-1"));
  }

  @Test
  void connect_withAnIdevId_isRefused() {
    Credential manufacturer = TestPki.root("CN=Acme Root");
    fixture.keep(
        "idevid",
        manufacturer.issue("CN=dev-1,serialNumber=dev-1").withoutUsages().build());
    expectRefused(publishAs("idevid", "dev-1"));
  }

  @Test
  void connect_expiredOrNotYetValid_isRefused() {
    Instant now = Instant.now();
    fixture.keep(
        "expired",
        fixture
            .deviceCa
            .issue(BrokerFixture.deviceName("dev-1"))
            .validity(now.minusSeconds(7200), now.minusSeconds(3600))
            .build());
    fixture.keep(
        "early",
        fixture
            .deviceCa
            .issue(BrokerFixture.deviceName("dev-1"))
            .validity(now.plusSeconds(3600), now.plusSeconds(7200))
            .build());
    expectRefused(publishAs("expired", "dev-1"));
    expectRefused(publishAs("early", "dev-1"));
  }

  @Test
  void connect_deviceCertificateWithTheSubjectOfAService_isRefused() {
    fixture.keep("posing", fixture.deviceCa.issue("CN=reader,OU=consumer").build());
    expectRefused(mosquitto.run("mosquitto_sub", "posing", "reader", "-t", "fleets/#", "-W", "50"));
  }

  @Test
  void connect_serviceCertificateWithTheSubjectOfADevice_isNoDevice() {
    fixture.keep(
        "posing2", fixture.serviceCa.issue(BrokerFixture.deviceName("dev-1")).build());
    expectRefused(publishAs("posing2", "dev-1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev-2", "DEV-1", "dev-1 ", "dev-1/x", "reader"})
  void connect_withAnotherClientId_isRefused(String clientId) {
    expectRefused(publishAs("dev-1", clientId));
  }

  @Test
  void connect_withoutClientId_isRefused() {
    expectRefused(publishAs("dev-1", ""));
  }

  // ---- what is not granted

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fleets/f1/devices/dev-2/telemetry/x",
        "fleets/f2/devices/dev-1/telemetry/x",
        "fleets/f1/devices/dev-10/telemetry/x",
        "fleets/f1/devices/dev-1/telemetry/x/y",
        "fleets/f1/devices/dev-1/presence",
        "fleets/f1/devices/dev-1/commands/1",
        "fleets/F1/devices/dev-1/telemetry/x",
        "/fleets/f1/devices/dev-1/telemetry/x",
        "muster/revocations/device"
      })
  void publish_outsideItsOwnTopics_isRefused(String topic) {
    for (String version : new String[] {"mqttv311", "mqttv5"}) {
      Result result =
          mosquitto.pub("dev-1", "dev-1", "-V", version, "-q", "1", "-t", topic, "-m", "1");
      // mosquitto_pub ends well in spite of a negative PUBACK of MQTT 5, but says so.
      assertThat(result.exitCode() != 0 || result.output().contains("Not authorized"))
          .as(version + " " + result.output())
          .isTrue();
    }
  }

  @Test
  void publish_retainedTelemetry_isRefused() {
    Result result = mosquitto.pub(
        "dev-1",
        "dev-1",
        "-V",
        "mqttv311",
        "-q",
        "1",
        "-r",
        "-t",
        topic("dev-1", "telemetry/x"),
        "-m",
        "1");
    expectRefused(result);
  }

  @Test
  void publish_retainedEventThatThePolicyAllows_isToldToWhoComesLater_untilItIsTakenBack()
      throws Exception {
    assertThat(event("dev-1", "door", "-V", "mqttv5", "-r", "-m", "open").output())
        .contains("Not authorized");
    event("dev-1", "state", "-r", "-m", "first").expectSuccess();
    event("dev-1", "state", "-r", "-m", "second").expectSuccess();
    String[] eventsAsTheyAre = {
      "-q", "1", "-t", topic("dev-1", "events/#"), "-F", "retained=%r %t %p"
    };
    try (Mosquitto.Subscriber late =
        mosquitto.sub("reader", "reader:4", eventsAsTheyAre).awaitOutput("Subscribed")) {
      late.awaitOutput("retained=1 " + topic("dev-1", "events/state") + " second");
      event("dev-1", "state", "-r", "-n").expectSuccess();
      event("dev-1", "door", "-m", "closed").expectSuccess();
      late.awaitOutput("retained=0 " + topic("dev-1", "events/door") + " closed");
      assertThat(late.output()).doesNotContain("first", "events/door open");
    }
    try (Mosquitto.Subscriber later =
        mosquitto.sub("reader", "reader:5", eventsAsTheyAre).awaitOutput("Subscribed")) {
      event("dev-1", "door", "-m", "marker").expectSuccess();
      later.awaitOutput("marker");
      assertThat(later.output()).doesNotContain("retained=1");
    }
  }

  private static Result event(String device, String name, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("-q", "1", "-t", topic(device, "events/" + name)));
    arguments.addAll(List.of(more));
    return mosquitto.pub(device, device, arguments.toArray(String[]::new));
  }

  @Test
  void publish_withQos2_isRefused() throws Exception {
    Result result = mosquitto.pub(
        "dev-1",
        "dev-1",
        "-V",
        "mqttv311",
        "-q",
        "2",
        "-t",
        topic("dev-1", "telemetry/qos2"),
        "-m",
        "1");
    expectRefused(result);
    assertThat(get("/devices/dev-1/messages?limit=1000").toString()).doesNotContain("qos2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "#",
        "+/#",
        "fleets/#",
        "fleets/f1/devices/+/commands/+",
        "fleets/f1/devices/dev-1/#",
        "fleets/f1/devices/dev-2/commands/+",
        "fleets/f1/devices/dev-1/commands/#",
        "$share/g/fleets/f1/devices/dev-1/commands/+",
        "$SYS/#"
      })
  void subscribe_outsideItsOwnTopics_isRefused(String filter) {
    mosquitto.expectDenied("dev-1", "dev-1", filter);
  }

  @Test
  void will_onTheTopicOfAnother_isRefused() {
    expectRefused(mosquitto.pub(
        "dev-1",
        "dev-1",
        "-q",
        "1",
        "-t",
        topic("dev-1", "telemetry/w"),
        "-m",
        "1",
        "--will-topic",
        topic("dev-2", "events/x"),
        "--will-payload",
        "1"));
    expectRefused(mosquitto.pub(
        "dev-1",
        "dev-1",
        "-q",
        "1",
        "-t",
        topic("dev-1", "telemetry/w"),
        "-m",
        "1",
        "--will-topic",
        topic("dev-1", "telemetry/x"),
        "--will-payload",
        "1"));
    mosquitto
        .pub(
            "dev-1",
            "dev-1",
            "-q",
            "1",
            "-t",
            topic("dev-1", "telemetry/w"),
            "-m",
            "1",
            "--will-topic",
            topic("dev-1", "events/lost"),
            "--will-payload",
            "1")
        .expectSuccess();
  }

  @Test
  void ownFleetConsumer_seesNoOther() throws Exception {
    fixture.keep("f2", fixture.serviceCa.issue("CN=f2,O=f2,OU=consumer").build());
    for (String filter :
        new String[] {"fleets/+/devices/+/telemetry/#", "fleets/f1/devices/+/telemetry/#"}) {
      mosquitto.expectDenied("f2", "f2", filter);
    }
    try (Mosquitto.Subscriber own =
        mosquitto.sub("f2", "f2", "-t", "fleets/f2/devices/+/telemetry/#")) {
      own.awaitOutput("Subscribed (mid: 1): 0"); // The QoS that is granted.
    }
  }

  @Test
  void garbageOnThePort_disturbsNobody() throws Exception {
    for (byte[] garbage : new byte[][] {
      "GET / HTTP/1.1\r\n\r\n".getBytes("US-ASCII"),
      {0x10, 0x0c, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 0},
      new byte[100_000]
    }) {
      try (Socket socket = new Socket("127.0.0.1", fixture.port())) {
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(garbage);
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {
          // Whatever alert it sends, it closes.
        }
      } catch (IOException e) {
        // It may also reset the connection.
        assertThat(e).isNotInstanceOf(SocketTimeoutException.class);
      }
    }
    publishAs("dev-1", "dev-1").expectSuccess();
  }

  @Test
  void problem_isNone() {
    assertThat(fixture.broker().problem()).isEqualTo(Optional.empty());
  }
}
