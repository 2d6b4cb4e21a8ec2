/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki.Credential;
import io.micrometer.core.instrument.Counter;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits of roles, and a policy that changes under those who are connected. */
class PolicyIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static Mosquitto mosquitto;

  @BeforeAll
  static void start() {
    fixture = new BrokerFixture(folder).start();
    mosquitto = new Mosquitto(fixture);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static String eventsOf(String device) {
    return "fleets/f1/devices/" + device + "/events/door";
  }

  /** Each test begins with its policy, and has devices of its own. */
  private static void begin(String policy) {
    write(policy);
    await().until(() -> fixture.get("/policy").getString("text").equals(policy));
  }

  private static void write(String policy) {
    try {
      Files.writeString(folder.resolve("policy.yaml"), policy);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String without(String line) {
    assertThat(DefaultPolicy.yaml()).contains(line);
    return DefaultPolicy.yaml().replace(line, "");
  }

  private static JsonObject refusals(String name) {
    JsonArray accounts = fixture.get("/refusals/" + name).getJsonArray("refusals");
    return accounts.isEmpty() ? new JsonObject() : accounts.getJsonObject(0);
  }

  private static boolean mayPublishEvents() {
    return fixture
        .get("/sessions/d1/explain?publish=" + eventsOf("d1"))
        .getBoolean("allowed", false);
  }

  @Test
  void policyThatChanges_isInForceForThoseConnected() throws IOException {
    begin(DefaultPolicy.yaml());
    fixture.device("d1");
    fixture.device("d2");
    fixture.service("reader", "consumer");
    try (Mosquitto.Subscriber device =
            mosquitto.sub("d1", "d1", "-t", "fleets/f1/devices/d1/commands/+");
        Mosquitto.Subscriber reader =
            mosquitto.sub("reader", "reader", "-t", "fleets/+/devices/+/events/#")) {
      device.awaitOutput("Subscribed");
      reader.awaitOutput("Subscribed");
      assertThat(mayPublishEvents()).isTrue();

      write(without("      - fleets/+/devices/+/events/#\n")
          .replace("devices/${subject.CN}/events/+", "devices/${subject.CN}/news/+"));

      await().atMost(Duration.ofSeconds(60)).until(() -> !mayPublishEvents());
      // The reader's subscription is gone for good, not only unheard.
      JsonObject now =
          fixture.get("/sessions/reader/explain?subscribe=fleets/%2B/devices/%2B/events/%23");
      assertThat(now.getBoolean("allowed")).isFalse();
      assertThat(now.getString("rule")).isEqualTo("default");
      write(DefaultPolicy.yaml());
      await().atMost(Duration.ofSeconds(60)).until(PolicyIT::mayPublishEvents);
      assertThat(mosquitto
              .pub("d2", "d2", "-q", "1", "-t", eventsOf("d2"), "-m", "unheard")
              .exitCode())
          .isZero();
      try (Mosquitto.Subscriber another =
          mosquitto.sub("reader", "reader:2", "-t", "fleets/+/devices/+/events/#")) {
        another.awaitOutput("Subscribed");
        mosquitto.pub("d2", "d2", "-q", "1", "-t", eventsOf("d2"), "-m", "heard");
        another.awaitOutput("heard");
      }
      assertThat(reader.output()).doesNotContain("heard");

      write(without("issuer: device, "));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> fixture.broker().problem().isPresent());
      assertThat(fixture.broker().problem().orElseThrow())
          .contains("roles.device.match.issuer")
          .containsPattern("line \\d+, column \\d+")
          .contains("stays in force");
      assertThat(mayPublishEvents()).as("as before").isTrue();

      write(DefaultPolicy.yaml().replace("OU: device }", "OU: gadget }"));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !fixture.get("/sessions").encode().contains("\"d1\""));
      assertThat(fixture.broker().problem()).isEmpty();
      assertThat(mosquitto.pub("d2", "d2", "-t", "x", "-m", "y").exitCode()).isNotZero();
      assertThat(refusals("d2").getJsonArray("newest").getJsonObject(0).getString("detail"))
          .contains("no role of the policy matches");
    }
  }

  @Test
  void rateThatChanges_isInForceForThoseWhoHavePublished() {
    begin(DefaultPolicy.yaml());
    Mqtt5BlockingClient device =
        fixture.hiveMqClient("r1", fixture.device("r1")).useMqttVersion5().buildBlocking();
    device.connect();
    Mqtt5Publish event =
        Mqtt5Publish.builder().topic(eventsOf("r1")).qos(MqttQos.AT_LEAST_ONCE).build();
    device.publish(event);
    double before = held();
    begin(DefaultPolicy.yaml().replace("messagesPerSecond: 200", "messagesPerSecond: 1"));
    await().untilAsserted(() -> {
      device.publish(event);
      assertThat(held()).as("after what ten seconds save up").isGreaterThan(before);
    });
    device.disconnect();
  }

  private static double held() {
    return fixture.meters.counter("muster.broker.held", "reason", "rate").count();
  }

  @Test
  void refusals_areKept_withRuleAndReason() {
    begin(DefaultPolicy.yaml());
    List<String> operations = List.of("publish", "subscribe", "connect", "will");
    Map<String, Double> before =
        operations.stream().collect(Collectors.toMap(one -> one, PolicyIT::refused));
    fixture.device("k1");
    mosquitto.pub("k1", "k1", "-q", "1", "-t", "fleets/f1/devices/d2/events/door", "-m", "1");
    await().atMost(Duration.ofSeconds(60)).until(() -> refusals("k1").containsKey("newest"));
    JsonObject account = refusals("k1");
    assertThat(account.getJsonObject("counts").getInteger("publish default")).isPositive();
    JsonObject newest = account.getJsonArray("newest").getJsonObject(0);
    assertThat(newest.getString("topic")).isEqualTo("fleets/f1/devices/d2/events/door");
    assertThat(newest.getString("detail")).isEqualTo("no rule allows to publish on this topic");

    mosquitto.expectDenied("k1", "k1", "fleets/#");
    mosquitto.pub("k1", "d2", "-t", eventsOf("k1"), "-m", "1");
    mosquitto.pub(
        "k1", "k1", "-t", eventsOf("k1"), "-m", "1", "--will-topic", "x", "--will-payload", "1");
    for (String operation : operations) {
      assertThat(refused(operation)).as(operation).isGreaterThan(before.get(operation));
    }
  }

  private static double refused(String operation) {
    return fixture
        .meters
        .find("muster.broker.refused")
        .tag("operation", operation)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  @Test
  void deny_goesBeforeWhatIsAllowed() throws IOException {
    begin(DefaultPolicy.yaml()
        .replaceFirst(
            "(OU: device }\n)",
            "$1    deny: { publish: [fleets/+/devices/+/events/door],"
                + " subscribe: [fleets/+/devices/+/commands/+] }\n"));
    fixture.device("n1");
    assertThat(mosquitto
            .pub("n1", "n1", "-q", "1", "-t", eventsOf("n1"), "-m", "1")
            .exitCode())
        .isNotZero();
    assertThat(mosquitto
            .pub("n1", "n1", "-q", "1", "-t", eventsOf("n1").replace("door", "bell"), "-m", "1")
            .exitCode())
        .isZero();
    mosquitto.expectDenied("n1", "n1", "fleets/f1/devices/n1/commands/+");
    assertThat(refusals("n1").getJsonObject("counts").fieldNames())
        .contains(
            "publish roles.device.deny.publish[0]", "subscribe roles.device.deny.subscribe[0]");
  }

  /** What the backend says itself, or keeps, nobody says for it, in no way. */
  @Test
  void topicsOfTheBackend_takeNoMessage_andNoLastWill_whateverThePolicySays() {
    begin(DefaultPolicy.yaml()
        .replaceFirst("(    publish:\n)", "$1      - fleets/#\n")
        .replaceFirst("(    will:\n)", "$1      - fleets/#\n      - muster/#\n"));
    fixture.device("b1");
    String own = "fleets/f1/devices/b1/";
    List<String> ofTheBackend = List.of("twin/desired", "commands/1", "presence");
    List<String> kept = List.of("telemetry/s", "twin/reported", "commands/1/result");
    for (String topic : ofTheBackend) {
      assertThat(publishAs5("b1", own + topic).output()).as(topic).contains("Not authorized");
    }
    List<String> wills = new ArrayList<>(List.of("muster/revocations/device"));
    Stream.of(ofTheBackend, kept).flatMap(List::stream).map(own::concat).forEach(wills::add);
    for (String will : wills) {
      PeerProgram.Result refused =
          publishAs5("b1", own + "events/e", "--will-topic", will, "--will-payload", "1");
      assertThat(refused.exitCode()).as(will).isNotZero();
      assertThat(refused.output()).as(will).contains("Not authorized");
    }
    publishAs5("b1", own + "events/e", "--will-topic", own + "events/e", "--will-payload", "1")
        .expectSuccess();
    assertThat(refusals("b1").getJsonObject("counts").getMap())
        .containsEntry("publish reserved", ofTheBackend.size())
        .containsEntry("will reserved", wills.size())
        .hasSize(2);
  }

  /** Else it would come when its sender may long be revoked. */
  @Test
  void lastWillWithADelay_isRefused() {
    begin(DefaultPolicy.yaml());
    fixture.device("w1");
    List<String> will = List.of("--will-topic", eventsOf("w1"), "--will-payload", "1");
    PeerProgram.Result refused = publishAs5("w1", eventsOf("w1"), withDelay(will, "60"));
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.output()).contains("Not authorized");
    publishAs5("w1", eventsOf("w1"), withDelay(will, "0")).expectSuccess();
    assertThat(refusals("w1").getJsonObject("counts").getMap())
        .containsExactly(Map.entry("will delay", 1));
  }

  private static String[] withDelay(List<String> will, String seconds) {
    Stream<String> delay = Stream.of("-x", "3600", "-D", "will", "will-delay-interval", seconds);
    return Stream.concat(will.stream(), delay).toArray(String[]::new);
  }

  private static PeerProgram.Result publishAs5(String device, String topic, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("-V", "mqttv5", "-q", "1", "-t", topic, "-m", "1"));
    arguments.addAll(List.of(more));
    return mosquitto.pub(device, device, arguments.toArray(String[]::new));
  }

  /** A group deals messages out among its members; it lets none of them see more than alone. */
  @Test
  void sharedSubscription_ofAConsumerOfOneFleet_bringsNothingOfOthers() throws IOException {
    String own = "sharedGroups: [\"${subject.CN}\", \"${subject.CN}:*\"]";
    assertThat(DefaultPolicy.yaml()).contains(own);
    begin(DefaultPolicy.yaml().replace(own, "sharedGroups: [work]"));
    fixture.device("s1");
    fixture.keep("e1", fixture.deviceCa.issue("CN=e1,O=f2,OU=device").build());
    fixture.service("all", "consumer");
    fixture.keep("one", fixture.serviceCa.issue("CN=one,O=f1,OU=consumer").build());
    String ofAll = "$share/work/fleets/+/devices/+/events/#";
    for (String filter : List.of(
        ofAll,
        "$share/work/fleets/f2/devices/+/events/#",
        "$share/work/+/f2/devices/+/events/#",
        "$share/work/#",
        "$share/work/$share/work/fleets/f1/devices/+/events/#",
        "$share/all/fleets/f1/devices/+/events/#")) {
      mosquitto.expectDenied("one", "one", filter);
    }
    try (Mosquitto.Subscriber all =
            mosquitto.sub("all", "all", "-q", "1", "-t", ofAll).awaitOutput("Subscribed");
        Mosquitto.Subscriber one = mosquitto
            .sub("one", "one", "-q", "1", "-t", "$share/work/fleets/f1/devices/+/events/#")
            .awaitOutput("Subscribed (mid: 1): 1")) {
      List<String> others = List.of("theirs-1", "theirs-2", "theirs-3", "theirs-4");
      for (String message : others) {
        mosquitto
            .pub("e1", "e1", "-q", "1", "-t", "fleets/f2/devices/e1/events/door", "-m", message)
            .expectSuccess();
      }
      others.forEach(all::awaitOutput);
      mosquitto.pub("s1", "s1", "-q", "1", "-t", eventsOf("s1"), "-m", "ours").expectSuccess();
      one.awaitOutput("ours");
      assertThat(one.output()).doesNotContain("theirs");
    }
  }

  @Test
  void inFlight_isWhatTheClientIsGivenBeforeItAcknowledges() throws Exception {
    begin(
        DefaultPolicy.yaml().replaceFirst("(OU: consumer }\n)", "$1    limits: { inFlight: 1 }\n"));
    fixture.device("w1");
    fixture.service("tool", "operator");
    List<MqttMessage> heard = new CopyOnWriteArrayList<>();
    MqttAsyncClient reader =
        new MqttAsyncClient("ssl://localhost:" + fixture.port(), "slow", new MemoryPersistence());
    reader.setManualAcks(true);
    MqttConnectionOptions options = new MqttConnectionOptions();
    Credential credential = fixture.service("slow", "consumer");
    options.setSocketFactory(fixture.tls(credential).getSocketFactory());
    reader.setCallback(new Quiet() {
      @Override
      public void messageArrived(String topic, MqttMessage message) {
        heard.add(message);
      }
    });
    reader.connect(options).waitForCompletion(60_000);
    reader.subscribe("fleets/+/devices/+/events/#", 1).waitForCompletion(60_000);
    List<Mqtt5Publish> heardToo = new CopyOnWriteArrayList<>();
    Mqtt5BlockingClient readerToo =
        fixture.hiveMqClient("slow:2", credential).useMqttVersion5().buildBlocking();
    readerToo.toAsync().publishes(MqttGlobalPublishFilter.ALL, heardToo::add, true);
    readerToo.connect();
    readerToo.subscribeWith().topicFilter("fleets/+/devices/+/events/#").send();
    try (Mosquitto.Subscriber unlimited = mosquitto
        .sub("tool", "tool", "-q", "1", "-t", "fleets/+/devices/+/events/#")
        .awaitOutput("Subscribed")) {
      for (String message : List.of("first", "second", "third")) {
        mosquitto
            .pub("w1", "w1", "-q", "1", "-t", eventsOf("w1"), "-m", message)
            .expectSuccess();
      }
      unlimited.awaitOutput("third");
    }
    for (int i = 0; i < 3; i++) {
      int received = i + 1;
      await().until(() -> heard.size() >= received && heardToo.size() >= received);
      // What else was on its way comes before the SUBACK.
      reader.subscribe("fleets/+/devices/+/telemetry/#", 1).waitForCompletion(60_000);
      readerToo.subscribeWith().topicFilter("fleets/+/devices/+/telemetry/#").send();
      assertThat(heard).as("one at a time").hasSize(received);
      assertThat(heardToo).as("one at a time").hasSize(received);
      reader.messageArrivedComplete(heard.get(i).getId(), 1);
      heardToo.get(i).acknowledge();
    }
    reader.disconnectForcibly(0, 0, false);
    reader.close(true);
    readerToo.disconnect();
  }

  @Test
  void limitsOfARole_hold() throws IOException {
    begin(DefaultPolicy.yaml()
        .replace(
            "payloadBytes: 131072,",
            "payloadBytes: 131072, filters: 1, keepAliveSeconds: [10, 60],")
        .replaceFirst("(OU: consumer }\n)", "$1    limits: { sessions: 2 }\n"));
    fixture.device("l1");
    fixture.service("many", "consumer");

    assertThat(mosquitto
            .pub("l1", "l1", "-k", "5", "-t", eventsOf("l1"), "-m", "1")
            .exitCode())
        .isNotZero();
    assertThat(refusals("l1").getJsonArray("newest").getJsonObject(0).getString("detail"))
        .isEqualTo("keep-alive: 5 (expected: 10 to 60 seconds)");
    assertThat(mosquitto
            .pub("l1", "l1", "-k", "61", "-t", eventsOf("l1"), "-m", "1")
            .exitCode())
        .isNotZero();
    assertThat(mosquitto
            .pub("l1", "l1", "-k", "60", "-t", eventsOf("l1"), "-m", "1")
            .exitCode())
        .isZero();

    String large = "x".repeat(100_000);
    Files.writeString(folder.resolve("fits"), large + "x".repeat(31_072));
    Files.writeString(folder.resolve("large"), large + "x".repeat(31_073));
    assertThat(mosquitto
            .pub("l1", "l1", "-k", "60", "-q", "1", "-t", eventsOf("l1"), "-f", "fits")
            .exitCode())
        .isZero();
    assertThat(mosquitto
            .pub("l1", "l1", "-k", "60", "-q", "1", "-t", eventsOf("l1"), "-f", "large")
            .exitCode())
        .isNotZero();
    mosquitto.pub("l1", "l1", "-k", "60", "-q", "1", "-t", "a/".repeat(12) + "b", "-m", "1");
    mosquitto.pub("l1", "l1", "-k", "60", "-q", "1", "-t", "a".repeat(257), "-m", "1");
    assertThat(refusals("l1").getJsonObject("counts").fieldNames())
        .contains(
            "publish limits.payloadBytes",
            "publish limits.topicLevels",
            "publish limits.topicBytes");

    String own = "fleets/f1/devices/l1/";
    try (Mosquitto.Subscriber two = mosquitto.sub(
        "l1", "l1", "-k", "30", "-t", own + "commands/+", "-t", own + "twin/desired")) {
      two.awaitOutput("Subscribed");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> refusals("l1").getJsonObject("counts").containsKey("subscribe limits.filters"));
    }

    String events = "fleets/+/devices/+/events/#";
    try (Mosquitto.Subscriber one = mosquitto.sub("many", "many", "-t", events);
        Mosquitto.Subscriber two = mosquitto.sub("many", "many:2", "-t", events)) {
      one.awaitOutput("Subscribed");
      two.awaitOutput("Subscribed");
      assertThat(mosquitto.pub("many", "many:3", "-t", "x", "-m", "y").exitCode())
          .isNotZero();
      assertThat(refusals("many").getJsonObject("counts").getInteger("connect quota_exceeded"))
          .isEqualTo(1);
    }
  }
}
