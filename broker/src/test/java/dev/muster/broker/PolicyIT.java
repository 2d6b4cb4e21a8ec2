/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits of roles, and a policy that changes under those who are connected. */
class PolicyIT {
  private static final String EVENTS = "fleets/f1/devices/d1/events/door";

  @TempDir
  Path folder;

  private BrokerFixture fixture;
  private Mosquitto mosquitto;

  @BeforeEach
  void prepare() {
    fixture = new BrokerFixture(folder);
    mosquitto = new Mosquitto(fixture);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private void write(String policy) {
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

  private JsonObject refusals(String name) {
    JsonArray accounts = fixture.get("/refusals/" + name).getJsonArray("refusals");
    return accounts.isEmpty() ? new JsonObject() : accounts.getJsonObject(0);
  }

  private boolean mayPublishEvents() {
    return fixture.get("/sessions/d1/explain?publish=" + EVENTS).getBoolean("allowed", false);
  }

  @Test
  void policyThatChanges_isInForceForThoseConnected() throws IOException {
    fixture.start();
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
      await().atMost(Duration.ofSeconds(60)).until(this::mayPublishEvents);
      assertThat(mosquitto
              .pub("d2", "d2", "-q", "1", "-t", EVENTS.replace("d1", "d2"), "-m", "unheard")
              .exitCode())
          .isZero();
      try (Mosquitto.Subscriber another =
          mosquitto.sub("reader", "reader:2", "-t", "fleets/+/devices/+/events/#")) {
        another.awaitOutput("Subscribed");
        mosquitto.pub("d2", "d2", "-q", "1", "-t", EVENTS.replace("d1", "d2"), "-m", "heard");
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
  void refusals_areKept_withRuleAndReason() {
    fixture.start();
    fixture.device("d1");
    mosquitto.pub("d1", "d1", "-q", "1", "-t", "fleets/f1/devices/d2/events/door", "-m", "1");
    await().atMost(Duration.ofSeconds(60)).until(() -> refusals("d1").containsKey("newest"));
    JsonObject account = refusals("d1");
    assertThat(account.getJsonObject("counts").getInteger("publish default")).isPositive();
    JsonObject newest = account.getJsonArray("newest").getJsonObject(0);
    assertThat(newest.getString("topic")).isEqualTo("fleets/f1/devices/d2/events/door");
    assertThat(newest.getString("detail")).isEqualTo("no rule allows to publish on this topic");

    mosquitto.expectDenied("d1", "d1", "fleets/#");
    mosquitto.pub("d1", "d2", "-t", EVENTS, "-m", "1");
    mosquitto.pub("d1", "d1", "-t", EVENTS, "-m", "1", "--will-topic", "x", "--will-payload", "1");
    for (String operation : List.of("publish", "subscribe", "connect", "will")) {
      assertThat(fixture
              .meters
              .get("muster.broker.refused")
              .tag("operation", operation)
              .counter()
              .count())
          .as(operation)
          .isPositive();
    }
  }

  @Test
  void deny_goesBeforeWhatIsAllowed() throws IOException {
    write(DefaultPolicy.yaml()
        .replaceFirst(
            "(OU: device }\n)",
            "$1    deny: { publish: [fleets/+/devices/+/events/door],"
                + " subscribe: [fleets/+/devices/+/commands/+] }\n"));
    fixture.start();
    fixture.device("d1");
    assertThat(mosquitto.pub("d1", "d1", "-q", "1", "-t", EVENTS, "-m", "1").exitCode())
        .isNotZero();
    assertThat(mosquitto
            .pub("d1", "d1", "-q", "1", "-t", EVENTS.replace("door", "bell"), "-m", "1")
            .exitCode())
        .isZero();
    mosquitto.expectDenied("d1", "d1", "fleets/f1/devices/d1/commands/+");
    assertThat(refusals("d1").getJsonObject("counts").fieldNames())
        .contains(
            "publish roles.device.deny.publish[0]", "subscribe roles.device.deny.subscribe[0]");
  }

  /** A group deals messages out among its members; it lets none of them see more than alone. */
  @Test
  void sharedSubscription_ofAConsumerOfOneFleet_bringsNothingOfOthers() throws IOException {
    String own = "sharedGroups: [\"${subject.CN}\", \"${subject.CN}:*\"]";
    assertThat(DefaultPolicy.yaml()).contains(own);
    write(DefaultPolicy.yaml().replace(own, "sharedGroups: [work]"));
    fixture.start();
    fixture.device("d1");
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
      mosquitto.pub("d1", "d1", "-q", "1", "-t", EVENTS, "-m", "ours").expectSuccess();
      one.awaitOutput("ours");
      assertThat(one.output()).doesNotContain("theirs");
    }
  }

  @Test
  void inFlight_isWhatTheClientIsGivenBeforeItAcknowledges() throws Exception {
    write(
        DefaultPolicy.yaml().replaceFirst("(OU: consumer }\n)", "$1    limits: { inFlight: 1 }\n"));
    fixture.start();
    fixture.device("d1");
    fixture.service("tool", "operator");
    List<MqttMessage> heard = new CopyOnWriteArrayList<>();
    MqttAsyncClient reader =
        new MqttAsyncClient("ssl://localhost:" + fixture.port(), "reader", new MemoryPersistence());
    reader.setManualAcks(true);
    MqttConnectionOptions options = new MqttConnectionOptions();
    Credential credential = fixture.service("reader", "consumer");
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
        fixture.hiveMqClient("reader:2", credential).useMqttVersion5().buildBlocking();
    readerToo.toAsync().publishes(MqttGlobalPublishFilter.ALL, heardToo::add, true);
    readerToo.connect();
    readerToo.subscribeWith().topicFilter("fleets/+/devices/+/events/#").send();
    try (Mosquitto.Subscriber unlimited = mosquitto
        .sub("tool", "tool", "-q", "1", "-t", "fleets/+/devices/+/events/#")
        .awaitOutput("Subscribed")) {
      for (String message : List.of("first", "second", "third")) {
        mosquitto.pub("d1", "d1", "-q", "1", "-t", EVENTS, "-m", message).expectSuccess();
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
    write(DefaultPolicy.yaml()
        .replace(
            "payloadBytes: 131072,",
            "payloadBytes: 131072, filters: 1, keepAliveSeconds: [10, 60],")
        .replaceFirst("(OU: consumer }\n)", "$1    limits: { sessions: 2 }\n"));
    fixture.start();
    fixture.device("d1");
    fixture.service("reader", "consumer");

    assertThat(mosquitto.pub("d1", "d1", "-k", "5", "-t", EVENTS, "-m", "1").exitCode())
        .isNotZero();
    assertThat(refusals("d1").getJsonArray("newest").getJsonObject(0).getString("detail"))
        .isEqualTo("keep-alive: 5 (expected: 10 to 60 seconds)");
    assertThat(mosquitto.pub("d1", "d1", "-k", "61", "-t", EVENTS, "-m", "1").exitCode())
        .isNotZero();
    assertThat(mosquitto.pub("d1", "d1", "-k", "60", "-t", EVENTS, "-m", "1").exitCode())
        .isZero();

    String large = "x".repeat(100_000);
    Files.writeString(folder.resolve("fits"), large + "x".repeat(31_072));
    Files.writeString(folder.resolve("large"), large + "x".repeat(31_073));
    assertThat(mosquitto
            .pub("d1", "d1", "-k", "60", "-q", "1", "-t", EVENTS, "-f", "fits")
            .exitCode())
        .isZero();
    assertThat(mosquitto
            .pub("d1", "d1", "-k", "60", "-q", "1", "-t", EVENTS, "-f", "large")
            .exitCode())
        .isNotZero();
    mosquitto.pub("d1", "d1", "-k", "60", "-q", "1", "-t", "a/".repeat(12) + "b", "-m", "1");
    mosquitto.pub("d1", "d1", "-k", "60", "-q", "1", "-t", "a".repeat(257), "-m", "1");
    assertThat(refusals("d1").getJsonObject("counts").fieldNames())
        .contains(
            "publish limits.payloadBytes",
            "publish limits.topicLevels",
            "publish limits.topicBytes");

    String own = "fleets/f1/devices/d1/";
    try (Mosquitto.Subscriber two = mosquitto.sub(
        "d1", "d1", "-k", "30", "-t", own + "commands/+", "-t", own + "twin/desired")) {
      two.awaitOutput("Subscribed");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> refusals("d1").getJsonObject("counts").containsKey("subscribe limits.filters"));
    }

    String events = "fleets/+/devices/+/events/#";
    try (Mosquitto.Subscriber one = mosquitto.sub("reader", "reader", "-t", events);
        Mosquitto.Subscriber two = mosquitto.sub("reader", "reader:2", "-t", events)) {
      one.awaitOutput("Subscribed");
      two.awaitOutput("Subscribed");
      assertThat(mosquitto.pub("reader", "reader:3", "-t", "x", "-m", "y").exitCode())
          .isNotZero();
      assertThat(refusals("reader").getJsonObject("counts").getInteger("connect quota_exceeded"))
          .isEqualTo(1);
    }
  }
}
