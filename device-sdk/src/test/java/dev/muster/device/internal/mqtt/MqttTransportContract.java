/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.testing.LoopFixture;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the device expects of an MQTT client behind the port, against Mosquitto. */
abstract class MqttTransportContract {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final String PREFIX = "fleets/default/devices/d1/";

  @TempDir
  Path folder;

  /** What is looked at. */
  abstract MqttTransport transport();

  /** How many threads of it there are. */
  abstract long threads();

  private final LoopFixture fixture = new LoopFixture();
  private final EventLoop loop = fixture.loop();
  final ThreadPoolExecutor pool = (ThreadPoolExecutor) Executors.newCachedThreadPool();
  private TestFleet fleet;
  private Credential device;

  @BeforeEach
  void makeFleet() {
    fleet = new TestFleet(folder);
    device = fleet.deviceCa().issue("CN=d1, O=default, OU=device").build();
  }

  @AfterEach
  void stopLoop() {
    pool.shutdownNow();
    fixture.close();
  }

  /** The link as the device has it: what is asked of it is asked on the loop. */
  private MqttLink open(LinkSettings settings, LinkEvents events) {
    MqttLink link = onLoop(() -> transport().connect(settings, events));
    return new MqttLink() {
      @Override
      public boolean publish(OutboundMessage message) {
        return onLoop(() -> link.publish(message));
      }

      @Override
      public void subscribe(String filter) {
        onLoop(() -> {
          link.subscribe(filter);
          return true;
        });
      }

      @Override
      public void close() {
        onLoop(() -> {
          link.close();
          return true;
        });
      }
    };
  }

  private <T> T onLoop(Supplier<T> task) {
    return loop.isOwn() ? task.get() : CompletableFuture.supplyAsync(task, loop).join();
  }

  static class Recorder implements LinkEvents {
    final List<String> happened = new CopyOnWriteArrayList<>();
    volatile LinkEnd end;

    long count(String beginning) {
      return happened.stream().filter(line -> line.startsWith(beginning)).count();
    }

    @Override
    public void onConnected(int receiveMaximum, long maximumPacketSize) {
      happened.add("connected");
    }

    @Override
    public void onAcknowledged(OutboundMessage message, int reason, String detail) {
      happened.add(
          "acknowledged " + (message.identity() == null ? 0 : message.identity().sequence()) + " "
              + Integer.toHexString(reason));
    }

    @Override
    public void onMessage(String topic, byte[] payload) {
      happened.add("message " + topic + " " + new String(payload, StandardCharsets.UTF_8));
    }

    @Override
    public void onEnded(LinkEnd ended) {
      end = ended;
      happened.add("ended");
    }
  }

  private LinkSettings settings(URI broker, Credential shown, Duration timeout) {
    TrustAnchors trust = TrustAnchors.read(fleet.trust());
    var credential = new dev.muster.device.internal.identity.Credential(shown.key(), shown.chain());
    return new LinkSettings(
        broker,
        "d1",
        TlsIdentity.of(credential, trust, DeviceClock.of(Clock.systemUTC(), Instant.EPOCH)),
        timeout,
        Duration.ofSeconds(60),
        loop,
        pool);
  }

  private LinkSettings pinging(URI broker) {
    LinkSettings slow = settings(broker, device, Duration.ofSeconds(5));
    return new LinkSettings(
        broker, "d1", slow.identity(), slow.connectTimeout(), Duration.ofSeconds(1), loop, pool);
  }

  private Recorder connect(URI broker) {
    Recorder recorder = new Recorder();
    open(settings(broker, device, Duration.ofSeconds(5)), recorder);
    return recorder;
  }

  private static OutboundMessage message(String topic, long sequence) {
    return new OutboundMessage(
        topic,
        "1".getBytes(StandardCharsets.UTF_8),
        "application/senml+json",
        new MessageIdentity("b", sequence));
  }

  private static LinkEnd awaitEnd(Recorder recorder) {
    await().atMost(LIMIT).until(() -> recorder.end != null);
    return recorder.end;
  }

  @Test
  void connect_rightBroker_publishesAndSaysGoodbye() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      Recorder recorder = new Recorder();
      MqttLink link = open(settings(broker.uri(), device, Duration.ofSeconds(5)), recorder);
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));

      for (int i = 1; i <= 5; i++) {
        assertThat(link.publish(message(PREFIX + "telemetry/s", i))).isTrue();
      }
      await().atMost(LIMIT).until(() -> recorder.happened.size() == 6);
      link.close();

      assertThat(awaitEnd(recorder).kind()).isEqualTo(LinkEnd.Kind.CLOSED);
      // 0x10: nobody is subscribed, which is a success.
      assertThat(recorder.happened.subList(1, 6))
          .containsExactly(
              "acknowledged 1 10",
              "acknowledged 2 10",
              "acknowledged 3 10",
              "acknowledged 4 10",
              "acknowledged 5 10");
      await().atMost(LIMIT).until(() -> broker.log().contains("Received DISCONNECT from d1"));
    }
  }

  static Stream<Arguments> impostors() {
    return Stream.of(
        Arguments.of("another host", (Impostor) fleet -> fleet
            .serviceCa()
            .issue("CN=server, OU=server")
            .server("other.example")
            .build()),
        Arguments.of("another CA", (Impostor) fleet ->
            TestPki.root("CN=Fleet Root").issue("CN=server, OU=server").server().build()),
        Arguments.of("a device", (Impostor) fleet -> fleet
            .deviceCa()
            .issue("CN=d2, O=default, OU=device")
            .dns("localhost")
            .build()),
        Arguments.of("expired", (Impostor) fleet -> fleet
            .serviceCa()
            .issue("CN=server, OU=server")
            .server()
            .validity(Instant.now().minusSeconds(7200), Instant.now().minusSeconds(3600))
            .build()));
  }

  interface Impostor {
    Credential of(TestFleet fleet);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("impostors")
  void connect_impostor_isRefused(String name, Impostor impostor) {
    try (Mosquitto broker = Mosquitto.start(fleet, impostor.of(fleet), "")) {
      Recorder recorder = connect(broker.uri());

      assertThat(awaitEnd(recorder).kind())
          .as(recorder.end.detail())
          .isEqualTo(LinkEnd.Kind.UNTRUSTED);
      assertThat(recorder.happened).containsExactly("ended");
    }
  }

  @Test
  void connect_revokedCertificate_isToldSoAndLeavesNoThread() throws Exception {
    Path crl = folder.resolve("crl.pem");
    Files.writeString(
        crl,
        TestPki.crl(fleet.root(), List.of())
            + TestPki.crl(fleet.serviceCa(), List.of())
            + TestPki.crl(fleet.deviceCa(), List.of(device.certificate())));
    try (Mosquitto broker = Mosquitto.start(fleet, fleet.server(), "crlfile " + crl)) {
      for (int i = 0; i < 10; i++) {
        Recorder recorder = connect(broker.uri());
        assertThat(awaitEnd(recorder).kind())
            .as(recorder.end.detail())
            .isEqualTo(LinkEnd.Kind.CERTIFICATE_REFUSED);
      }
      await().atMost(LIMIT).until(() -> threads() == 0);
    }
  }

  @Test
  void connect_expiredCertificate_isToldSo() {
    device = fleet
        .deviceCa()
        .issue("CN=d1, O=default, OU=device")
        .validity(Instant.now().minusSeconds(7200), Instant.now().minusSeconds(3600))
        .build();
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      assertThat(awaitEnd(connect(broker.uri())).kind()).isEqualTo(LinkEnd.Kind.EXPIRED);
    }
  }

  /** Before TLS is there, anybody on the way can say so: it takes seven octets. */
  @Test
  void connect_calledExpiredByAnybody_isNoWordOfTheBroker() throws Exception {
    try (ServerSocket impostor = new ServerSocket(0)) {
      Recorder recorder = connect(URI.create("mqtts://localhost:" + impostor.getLocalPort()));
      try (Socket victim = impostor.accept()) {
        assertThat(victim.getInputStream().read()).isEqualTo(0x16); // A ClientHello.
        victim.getOutputStream().write(HexFormat.of().parseHex("1503030002022d"));

        assertThat(awaitEnd(recorder).kind())
            .as(recorder.end.detail())
            .isEqualTo(LinkEnd.Kind.CALLED_EXPIRED);
      }
    }
  }

  @Test
  void connect_certificateOfAnotherCa_isToldSo() {
    device = fleet.manufacturer().issue("CN=d1, O=default, OU=device").build();
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      assertThat(awaitEnd(connect(broker.uri())).kind())
          .isEqualTo(LinkEnd.Kind.CERTIFICATE_REFUSED);
    }
  }

  @Test
  void connect_nobodyListens_isLost() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(awaitEnd(connect(URI.create("mqtts://localhost:" + port))).kind())
        .isEqualTo(LinkEnd.Kind.LOST);
  }

  @Test
  void connect_serverThatSaysNothing_isLostInTime() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      Recorder recorder = new Recorder();
      URI uri = URI.create("mqtts://localhost:" + silent.getLocalPort());
      open(settings(uri, device, Duration.ofSeconds(1)), recorder);

      assertThat(awaitEnd(recorder).kind()).isEqualTo(LinkEnd.Kind.LOST);
    }
  }

  @Test
  void connect_unknownHost_isLost() {
    assertThat(
            awaitEnd(connect(URI.create("mqtts://no-such-host.invalid:8883"))).kind())
        .isEqualTo(LinkEnd.Kind.LOST);
  }

  @Test
  void publish_topicThatIsNotOurs_isRefusedByReason() throws Exception {
    Path acl = folder.resolve("acl");
    Files.writeString(acl, "pattern write fleets/default/devices/%u/#\n");
    try (Mosquitto broker = Mosquitto.start(fleet, fleet.server(), "acl_file " + acl)) {
      Recorder recorder = new Recorder();
      MqttLink link = open(settings(broker.uri(), device, Duration.ofSeconds(5)), recorder);
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));

      link.publish(message("fleets/default/devices/d2/telemetry/s", 1));
      link.publish(message(PREFIX + "telemetry/s", 2));

      await()
          .atMost(LIMIT)
          .until(() -> recorder.happened.contains("acknowledged 1 87")
              && recorder.happened.contains("acknowledged 2 10"));
      link.close();
    }
  }

  @Test
  void close_brokerFrozen_endsSoonAndLeavesNoThread() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      Recorder recorder = new Recorder();
      MqttLink link = open(settings(broker.uri(), device, Duration.ofSeconds(5)), recorder);
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));
      broker.freeze();
      for (int i = 1; i < 10; i++) {
        link.publish(message(PREFIX + "telemetry/s", i));
      }

      link.close();

      await().atMost(Duration.ofSeconds(3)).until(() -> recorder.end != null);
      await().atMost(LIMIT).until(() -> threads() == 0);
    }
  }

  @Test
  void connected_nothingToSend_isKeptAlive() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      Recorder recorder = new Recorder();
      MqttLink link = open(pinging(broker.uri()), recorder);

      await().atMost(LIMIT).until(() -> broker.log().split("PINGREQ from d1", -1).length > 3);
      assertThat(recorder.happened).containsExactly("connected");
      link.close();
    }
  }

  @Test
  void connected_brokerFallsSilent_isNoticed() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      Recorder recorder = new Recorder();
      open(pinging(broker.uri()), recorder);
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));

      broker.freeze();

      assertThat(awaitEnd(recorder).kind()).isEqualTo(LinkEnd.Kind.LOST);
      await().atMost(LIMIT).until(() -> threads() == 0);
    }
  }

  @Test
  void connect_brokerKilled_endsOnceAndLeavesNoThread() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      Recorder recorder = connect(broker.uri());
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));

      broker.kill();

      assertThat(awaitEnd(recorder).kind()).isEqualTo(LinkEnd.Kind.LOST);
      await().atMost(LIMIT).until(() -> threads() == 0);
      assertThat(recorder.happened).containsExactly("connected", "ended");
    }
  }

  @Test
  void subscribe_messagesInBothDirections_allArrive() {
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      AtomicReference<MqttLink> link = new AtomicReference<>();
      Recorder recorder = new Recorder() {
        @Override
        public void onMessage(String topic, byte[] payload) {
          super.onMessage(topic, payload);
          // As the device does: whatever comes of it is the owner's business.
          loop.execute(() -> link.get().publish(message(topic + "/result", happened.size())));
        }
      };
      link.set(open(settings(broker.uri(), device, Duration.ofSeconds(5)), recorder));
      await().atMost(LIMIT).until(() -> recorder.happened.contains("connected"));
      loop.execute(() -> link.get().subscribe(PREFIX + "commands/+"));
      await().atMost(LIMIT).until(() -> broker.log().contains("Sending SUBACK to d1"));

      for (int round = 1; round <= 4; round++) {
        for (int i = 0; i < 5; i++) {
          OutboundMessage command = message(PREFIX + "commands/c" + i, round);
          loop.execute(() -> link.get().publish(command));
        }
        int expected = 5 * round;
        await().atMost(LIMIT).until(() -> recorder.count("message ") == expected);
        await().atMost(LIMIT).until(() -> recorder.count("acknowledged ") == 2 * expected);
      }
      link.get().close();
    }
  }
}
