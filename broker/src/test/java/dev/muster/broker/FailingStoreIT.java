/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import dev.muster.broker.bench.MqttPackets;
import dev.muster.broker.telemetry.FlushingDisk;
import dev.muster.broker.telemetry.JournaledStore;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While the store fails nothing is acknowledged; when it works again, nobody has to help. */
class FailingStoreIT {
  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static final Switch SWITCH = new Switch();

  /** A store that fails on demand, in one of several ways; else it is the real one. */
  private static final class Switch implements TelemetrySink {
    enum Mode {
      WORKS,
      IS_ANOTHER,
      FAILS,
      THROWS,
      HANGS
    }

    private TelemetrySink real;
    volatile TelemetrySink another;
    volatile Mode mode = Mode.WORKS;
    final List<TelemetryMessage> seen = new CopyOnWriteArrayList<>();

    TelemetrySink over(TelemetrySink sink) {
      real = sink;
      return this;
    }

    @Override
    public CompletableFuture<Stored> store(TelemetryMessage message) {
      seen.add(message);
      return switch (mode) {
        case WORKS -> real.store(message);
        case IS_ANOTHER -> another.store(message);
        case FAILS -> CompletableFuture.failedFuture(new IOException("disk full"));
        case HANGS -> new CompletableFuture<>();
        case THROWS -> throw new IllegalStateException("a defect");
      };
    }

    @Override
    public Optional<String> problem() {
      return real.problem();
    }

    @Override
    public void close() {
      real.close();
    }
  }

  @BeforeAll
  static void start() {
    fixture = new BrokerFixture(folder);
    fixture.start(fixture.config(0, null), SWITCH::over);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static MqttAsyncClient connect5(Credential device, String id) throws Exception {
    MqttAsyncClient client =
        new MqttAsyncClient("ssl://localhost:" + fixture.port(), id, new MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(device).getSocketFactory());
    client.connect(options).waitForCompletion(60_000);
    return client;
  }

  private static final byte[] PAYLOAD = {'1'};
  private static final int FLOOD = 1_000;

  private static CompletableFuture<Mqtt5PublishResult> publish(Mqtt5AsyncClient client, String id) {
    return client
        .publishWith()
        .topic("fleets/f1/devices/" + id + "/telemetry/s")
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(PAYLOAD)
        .send();
  }

  private static long seen(String device) {
    return SWITCH.seen.stream()
        .filter(message -> message.topic().device().value().equals(device))
        .count();
  }

  @Test
  void clientThatReconnectsByItself_getsItsMessageThrough_whenTheStoreWorksAgain()
      throws Exception {
    SWITCH.mode = Switch.Mode.FAILS;
    Mqtt5AsyncClient client = fixture.patient("patient");
    CompletableFuture<Mqtt5PublishResult> sent = publish(client, "patient");
    await().atMost(Duration.ofSeconds(60)).until(() -> seen("patient") >= 2);
    assertThat(sent).isNotDone();
    SWITCH.mode = Switch.Mode.WORKS;
    assertThat(sent.get(60, TimeUnit.SECONDS).getError()).isEmpty();
    client.disconnect().get(60, TimeUnit.SECONDS);
  }

  @Test
  void mqtt5_failingStore_disconnectsWithoutAck_andRecovers() throws Exception {
    Credential device = fixture.device("v5");
    String topic = "fleets/f1/devices/v5/telemetry/s";
    for (Switch.Mode mode : List.of(Switch.Mode.FAILS, Switch.Mode.THROWS)) {
      SWITCH.mode = mode;
      MqttAsyncClient client = connect5(device, "v5");
      assertThatThrownBy(() -> client.publish(topic, PAYLOAD, 1, false).waitForCompletion(60_000))
          .as(mode + ": no PUBACK")
          .hasMessageNotContaining("Timed out");
      await().until(() -> !client.isConnected());
      client.close(true);
    }
    SWITCH.mode = Switch.Mode.WORKS;
    MqttAsyncClient client = connect5(device, "v5");
    client.publish(topic, PAYLOAD, 1, false).waitForCompletion(60_000);
    client.disconnect().waitForCompletion(60_000);
    client.close();
  }

  @Test
  void mqtt3_failingStore_closesWithoutAck_andRecovers() throws Exception {
    Credential device = fixture.device("v3");
    String topic = "fleets/f1/devices/v3/telemetry/s";
    SWITCH.mode = Switch.Mode.FAILS;
    org.eclipse.paho.client.mqttv3.MqttAsyncClient client = connect3(device, "v3");
    assertThatThrownBy(() -> client.publish(topic, PAYLOAD, 1, false).waitForCompletion(60_000))
        .hasMessageNotContaining("Timed out");
    await().until(() -> !client.isConnected());
    client.close(true);
    SWITCH.mode = Switch.Mode.WORKS;
    org.eclipse.paho.client.mqttv3.MqttAsyncClient again = connect3(device, "v3");
    again.publish(topic, PAYLOAD, 1, false).waitForCompletion(60_000);
    again.disconnect().waitForCompletion(60_000);
    again.close();
  }

  @Test
  void mosquittoOfMqtt3_failingStore_isToldNothing_andRecovers() {
    Mosquitto mosquitto = new Mosquitto(fixture);
    fixture.device("m3");
    String[] message = {
      "-V", "mqttv311", "-q", "1", "-t", "fleets/f1/devices/m3/telemetry/s", "-m", "1"
    };
    SWITCH.mode = Switch.Mode.FAILS;
    assertThat(mosquitto.pub("m3", "m3", message).output()).contains("connection was lost");
    assertThat(seen("m3")).isOne();
    SWITCH.mode = Switch.Mode.WORKS;
    mosquitto.pub("m3", "m3", message).expectSuccess();
  }

  private static org.eclipse.paho.client.mqttv3.MqttAsyncClient connect3(
      Credential device, String id) throws Exception {
    org.eclipse.paho.client.mqttv3.MqttAsyncClient client =
        new org.eclipse.paho.client.mqttv3.MqttAsyncClient(
            "ssl://localhost:" + fixture.port(),
            id,
            new org.eclipse.paho.client.mqttv3.persist.MemoryPersistence());
    MqttConnectOptions options = new MqttConnectOptions();
    options.setSocketFactory(fixture.tls(device).getSocketFactory());
    options.setMaxInflight(FLOOD);
    client.connect(options).waitForCompletion(60_000);
    return client;
  }

  @Test
  void hangingStore_costsOneTimeLimitForEachConnection_notForEachMessage() throws Exception {
    Credential device = fixture.device("waits");
    SWITCH.mode = Switch.Mode.HANGS;
    MqttAsyncClient client = connect5(device, "waits");
    List<IMqttToken> sent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      sent.add(client.publish("fleets/f1/devices/waits/telemetry/s", PAYLOAD, 1, false));
    }
    // Nothing tells a client of MQTT 3.1.1 to wait.
    org.eclipse.paho.client.mqttv3.MqttAsyncClient old =
        connect3(fixture.device("floods"), "floods");
    List<IMqttDeliveryToken> flood = new ArrayList<>();
    for (int i = 0; i < FLOOD; i++) {
      flood.add(old.publish("fleets/f1/devices/floods/telemetry/s", new byte[4_000], 1, false));
    }
    Mqtt3AsyncClient oldToo = fixture
        .hiveMqClient("floods-too", fixture.device("floods-too"))
        .useMqttVersion3()
        .buildAsync();
    oldToo.connect().get(60, TimeUnit.SECONDS);
    List<CompletableFuture<Mqtt3Publish>> floodToo = new ArrayList<>();
    for (int i = 0; i < FLOOD; i++) {
      floodToo.add(oldToo
          .publishWith()
          .topic("fleets/f1/devices/floods-too/telemetry/s")
          .qos(MqttQos.AT_LEAST_ONCE)
          .payload(new byte[4_000])
          .send());
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !client.isConnected()
            && !old.isConnected()
            && floodToo.stream().allMatch(CompletableFuture::isDone));
    assertThat(sent).noneMatch(token -> token.isComplete() && token.getException() == null);
    assertThat(flood).noneMatch(token -> token.isComplete() && token.getException() == null);
    assertThat(floodToo).allMatch(CompletableFuture::isCompletedExceptionally);
    for (String flooding : List.of("floods", "floods-too")) {
      assertThat(seen(flooding))
          .as("asked about one; the others go with the connection")
          .isOne();
    }
    old.close(true);
    client.close(true);
    // HiveMQ has it wait for what was sent before; the store still hangs.
    MqttAsyncClient again = connect5(device, "waits");
    SWITCH.mode = Switch.Mode.WORKS;
    again
        .publish("fleets/f1/devices/waits/telemetry/s", PAYLOAD, 1, false)
        .waitForCompletion(60_000);
    again.disconnect().waitForCompletion(60_000);
    again.close();
  }

  /** What is written to the journal, or waits for that, is on no disk yet. */
  @Test
  void flushThatIsHeldUp_holdsUpEveryPuback_untilItIsDone() throws Exception {
    PeerProgram.require("mosquitto_pub");
    FlushingDisk disk = new FlushingDisk();
    CountDownLatch flushed = disk.hold();
    Mqtt5AsyncClient client = fixture.hiveMqClient("held-5").useMqttVersion5().buildAsync();
    client.connect().get(60, TimeUnit.SECONDS);
    fixture.device("held-m");
    try (SSLSocket line = lineOf("held-l");
        TelemetrySink store =
            new JournaledStore(Files.createDirectory(folder.resolve("held")), disk)) {
      SWITCH.another = store;
      SWITCH.mode = Switch.Mode.IS_ANOTHER;
      String topic = "fleets/f1/devices/held-l/telemetry/s";
      CompletableFuture<Mqtt5PublishResult> sent = publish(client, "held-5");
      disk.awaitFlush();
      CompletableFuture<PeerProgram.Result> sentToo =
          CompletableFuture.supplyAsync(() -> new Mosquitto(fixture)
              .pub("held-m", "held-m", "-q", "1", "-t", topic.replace("-l", "-m"), "-m", "1"));
      await().until(() -> seen("held-5") == 1 && seen("held-m") == 1);
      // Last, as one of MQTT 3.1.1 waits for ten seconds only.
      line.getOutputStream()
          .write(MqttPackets.publish(MqttPackets.MQTT_3, topic, false, 7, Map.of(), PAYLOAD));
      await().until(() -> seen("held-l") == 1);
      // Whatever the broker had said before its PINGRESP would stand before it.
      line.getOutputStream().write(new byte[] {(byte) 0xc0, 0});
      assertThat(line.getInputStream().readNBytes(2)).containsExactly(0xd0, 0);
      assertThat(sent).isNotDone();
      assertThat(sentToo).isNotDone();
      assertThat(disk.flushes()).isZero();
      flushed.countDown();
      assertThat(line.getInputStream().readNBytes(4)).as("PUBACK").containsExactly(0x40, 2, 0, 7);
      assertThat(sent.get(60, TimeUnit.SECONDS).getError()).isEmpty();
      sentToo.get(60, TimeUnit.SECONDS).expectSuccess();
    } finally {
      SWITCH.mode = Switch.Mode.WORKS;
    }
    client.disconnect().get(60, TimeUnit.SECONDS);
  }

  /** Connected, with every byte in sight. */
  private static SSLSocket lineOf(String id) throws IOException {
    SSLSocket socket = (SSLSocket) fixture
        .tls(fixture.device(id))
        .getSocketFactory()
        .createSocket("localhost", fixture.port());
    socket.setSoTimeout(60_000);
    socket.getOutputStream().write(MqttPackets.connect(MqttPackets.MQTT_3, id, 60));
    assertThat(socket.getInputStream().readNBytes(4)).as("CONNACK").containsExactly(0x20, 2, 0, 0);
    return socket;
  }

  @Test
  void unauthorizedTelemetry_neverReachesTheStore() throws Exception {
    SWITCH.mode = Switch.Mode.WORKS;
    MqttAsyncClient client = connect5(fixture.device("thief"), "thief");
    IMqttToken token = client.publish("fleets/f1/devices/v5/telemetry/stolen", PAYLOAD, 1, false);
    token.waitForCompletion(60_000);
    assertThat(token.getReasonCodes()).as("PUBACK: not authorized").containsExactly(0x87);
    assertThat(SWITCH.seen).noneMatch(message -> message.topic().stream().equals("stolen"));
    client.disconnect().waitForCompletion(60_000);
    client.close();
  }
}
