/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.connection.DeviceTiming;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.FaultProxy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole device on networks that lie: nothing is lost, and it comes back by itself. A black hole
 * that lasts as long as in the field: {@code -Dcaptive.hole.seconds=60}.
 */
@ParameterizedClass
@EnumSource
class CaptiveNetworkIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration HOLE =
      Duration.ofSeconds(Integer.getInteger("captive.hole.seconds", 0));
  private static final Pattern SEQUENCE = Pattern.compile("muster-seq:([0-9]+)");

  /** As in the field, but with seconds in place of minutes. */
  private static final DeviceTiming TIMING = new DeviceTiming(
      Duration.ofMillis(100),
      Duration.ofMillis(500),
      Duration.ofSeconds(1),
      Duration.ofMillis(300),
      Duration.ofSeconds(3),
      Duration.ofSeconds(2),
      Duration.ofSeconds(3),
      Duration.ofMillis(50),
      Duration.ofMillis(100),
      Duration.ofMillis(500),
      Duration.ofMillis(500),
      Duration.ofMillis(100),
      Duration.ofSeconds(30));

  @Parameter
  MqttClient client;

  @TempDir
  Path folder;

  private final List<String> states = new CopyOnWriteArrayList<>();
  private final List<PublishReceipt> receipts = new ArrayList<>();
  private TestFleet fleet;
  private EstDouble est;
  private Mosquitto broker;
  private Mosquitto.Subscriber consumer;
  private FaultProxy toEnrollment;
  private FaultProxy toBroker;
  private FleetDevice device;

  @BeforeEach
  void startPeers() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    broker = Mosquitto.start(
        fleet,
        fleet
            .serviceCa()
            .issue("CN=server, OU=server")
            .server()
            .dns("broker.test")
            .build(),
        "");
    consumer = broker.subscribe();
    toEnrollment = FaultProxy.to(est.uri().getPort());
    toBroker = FaultProxy.to(broker.uri().getPort());
    device = device(URI.create("mqtts://localhost:" + toBroker.port()));
  }

  private FleetDevice device(URI brokerUri) {
    return FleetDevice.builder()
        .enrollment(URI.create("https://localhost:" + toEnrollment.port()))
        .broker(brokerUri)
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(folder.resolve("state"))
        .timing(TIMING)
        .mqttClient(client)
        .listener(new DeviceListener() {
          @Override
          public void onState(DeviceState state, String reason) {
            states.add(state + " " + reason);
          }
        })
        .build();
  }

  @AfterEach
  void stopAll() {
    toBroker.heal();
    device.close();
    toBroker.close();
    toEnrollment.close();
    consumer.close();
    est.close();
    broker.close();
  }

  private void start() {
    device.start();
    awaitState(DeviceState.ONLINE);
  }

  private void awaitState(DeviceState state) {
    await().atMost(LIMIT).until(() -> device.state() == state);
  }

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      receipts.add(device.telemetry("env").send(Map.of("n", receipts.size())));
    }
  }

  private void awaitAllArrived() {
    await()
        .atMost(LIMIT)
        .until(() -> receipts.stream()
            .allMatch(receipt -> receipt.status() == PublishReceipt.Status.ACKNOWLEDGED));
    await()
        .atMost(LIMIT)
        .until(() -> consumer.lines().stream()
                .map(SEQUENCE::matcher)
                .filter(Matcher::find)
                .map(found -> found.group(1))
                .distinct()
                .count()
            == receipts.size());
    assertThat(device.statistics().lost()).isZero();
  }

  @Test
  void reset_againAndAgain_losesNothing() {
    start();
    for (int round = 1; round <= 5; round++) {
      publish(20);
      long connections = device.statistics().connections();
      toBroker.reset();
      await().atMost(LIMIT).until(() -> device.statistics().connections() > connections);
    }
    toBroker.refuse();
    publish(20);
    awaitState(DeviceState.OFFLINE);

    toBroker.heal();

    awaitAllArrived();
    assertThat(est.requests()).hasSize(1);
  }

  @Test
  void halfOpen_brokerHasForgotten_keepAliveNoticesAndNothingIsLost() {
    start();
    publish(5);
    awaitAllArrived();
    long connections = device.statistics().connections();
    toBroker.halfOpen();
    publish(20);

    await().atMost(LIMIT).until(() -> device.statistics().connections() > connections);

    awaitAllArrived();
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(states).anyMatch(state -> state.startsWith("OFFLINE")));
  }

  @Test
  void blackHole_overSeveralAttempts_messagesAreStoredAndArriveAfterwards() {
    start();
    toBroker.swallow();
    long end = System.nanoTime() + HOLE.toNanos();
    publish(20);
    PublishReceipt alarm = device.alarm("door", Map.of("open", true));
    receipts.add(alarm);
    assertThat(alarm.stored()).succeedsWithin(LIMIT);
    int attempts = toBroker.accepted();
    await()
        .atMost(LIMIT.plus(HOLE))
        .until(() -> toBroker.accepted() >= attempts + 2 && System.nanoTime() - end >= 0);
    publish(20);
    assertThat(alarm.acknowledged()).isNotDone();

    toBroker.heal();

    awaitAllArrived();
  }

  @Test
  void blackHole_fromTheFirstStart_enrollsWhenItIsOver() {
    assumeThat(client)
        .as("who speaks MQTT has no part in enrolling")
        .isEqualTo(MqttClient.BUILT_IN);
    toEnrollment.swallow();
    toBroker.swallow();
    device.start();
    publish(3);
    await().atMost(LIMIT).until(() -> toEnrollment.accepted() >= 2);
    awaitState(DeviceState.BOOTSTRAPPING);
    assertThat(est.requests()).isEmpty();

    toEnrollment.heal();
    await().atMost(LIMIT).until(() -> toBroker.accepted() >= 2);
    toBroker.heal();

    awaitAllArrived();
    assertThat(est.requests().stream().map(EstDouble.Request::key).distinct()).hasSize(1);
  }

  @Test
  void blackHole_closed_isDoneAndTheNextStartSendsTheRest() {
    start();
    toBroker.swallow();
    publish(3);

    device.close(); // Had it to wait for the network, it would do so for ever.

    awaitState(DeviceState.STOPPED);
    toBroker.heal();
    device = device(URI.create("mqtts://localhost:" + toBroker.port()));
    device.start();
    await().atMost(LIMIT).until(() -> consumer.lines().size() >= 3);
  }

  @Test
  void slowReader_moreThanTheSocketsTake_blocksNobodyAndArrives() {
    start();
    toBroker.slow(1);
    String large = "x".repeat(60_000);
    for (int i = 0; i < 20; i++) {
      receipts.add(device.telemetry("env").send(Map.of("n", i, "large", large)));
    }

    // The connection is stuck in a write; the device is not.
    PublishReceipt alarm = device.alarm("door", Map.of("open", true));
    receipts.add(alarm);
    assertThat(alarm.stored()).succeedsWithin(LIMIT);
    assertThat(device.health().statistics().waiting()).isPositive();
    toBroker.heal();

    awaitAllArrived();
  }

  /** The file that this JVM takes names from (see pom.xml) is changed while the device runs. */
  @Test
  void nameMovesToAnotherAddress_isFollowed() throws IOException {
    String hosts = System.getProperty("jdk.net.hosts.file");
    assertThat(hosts).as("jdk.net.hosts.file, see pom.xml").isNotNull();
    Path file = Path.of(hosts);
    String before = Files.readString(file);
    device.close();
    device = device(URI.create("mqtts://broker.test:" + toBroker.port()));
    try (FaultProxy moved = FaultProxy.on(
        new InetSocketAddress("127.0.0.2", toBroker.port()), broker.uri().getPort())) {
      replace(file, before + "127.0.0.1 broker.test\n");
      start();
      assertThat(moved.accepted()).isZero();
      replace(file, before + "127.0.0.2 broker.test\n");
      toBroker.refuse();
      publish(3);

      await().atMost(LIMIT).until(() -> moved.accepted() > 0);
      awaitAllArrived();
      device.close();
    } finally {
      replace(file, before);
    }
  }

  /** At once: others of this module read it, too. */
  private static void replace(Path file, String text) throws IOException {
    Path next = Files.writeString(file.resolveSibling("hosts.next"), text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
