/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.connection.DeviceTiming;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole device against an EST server and Mosquitto. */
class FleetDeviceIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path folder;

  private TestFleet fleet;
  private EstDouble est;
  private Mosquitto broker;
  private final List<FleetDevice> devices = new ArrayList<>();

  @BeforeEach
  void startPeers() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    broker = Mosquitto.start(fleet);
  }

  @AfterEach
  void stopAll() {
    devices.forEach(FleetDevice::close);
    est.close();
    broker.close();
  }

  private FleetDevice.Builder builder(String name) {
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(broker.uri())
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(folder.resolve(name))
        .timing(TestTiming.FAST);
  }

  private FleetDevice started(FleetDevice.Builder builder) {
    FleetDevice device = builder.build();
    devices.add(device);
    device.start();
    return device;
  }

  private static void awaitOnline(FleetDevice device) {
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
  }

  /** The next certificate lives so long that it is not due for renewal itself. */
  private void renewAfter26Days(MovableClock clock) {
    est.issuing(Clock.systemUTC(), Duration.ofDays(365));
    clock.advance(Duration.ofDays(26));
  }

  @Test
  void start_factoryIdentityOnly_enrollsConnectsAndReports() throws Exception {
    try (Mosquitto.Subscriber consumer = broker.subscribe()) {
      long begin = System.nanoTime();
      FleetDevice device = started(builder("a"));
      awaitOnline(device);
      long online = System.nanoTime();
      PublishReceipt receipt = device.telemetry("env").send(Map.of("temperature", 21.4));
      receipt.acknowledged().get(20, TimeUnit.SECONDS);
      System.err.printf(
          "start to ONLINE %d ms, publish to PUBACK %d ms%n",
          (online - begin) / 1_000_000, (System.nanoTime() - online) / 1_000_000);

      assertThat(device.subject()).hasValueSatisfying(subject -> {
        assertThat(subject.device()).hasToString("acme-0001");
        assertThat(subject.fleet()).hasToString("default");
      });
      await().atMost(LIMIT).until(() -> !consumer.lines().isEmpty());
      assertThat(consumer.lines().get(0))
          .startsWith("fleets/default/devices/acme-0001/telemetry/env|application/senml+json|")
          .contains("muster-boot:" + device.bootId())
          .contains("muster-seq:" + receipt.identity().sequence())
          .contains("\"n\":\"temperature\",\"v\":21.4}]");
      assertThat(est.requests()).hasSize(1);
      assertThat(est.requests().get(0).subject()).isEmpty();
    }
  }

  @Test
  void publish_brokerKilledAndBack_nothingIsLost() throws Exception {
    FleetDevice device = started(builder("a"));
    awaitOnline(device);

    List<CompletableFuture<Void>> acknowledged = new ArrayList<>();
    Telemetry stream = device.telemetry("env");
    for (int i = 0; i < 50; i++) {
      acknowledged.add(stream.publish(Map.of("n", i)));
    }
    broker.kill();
    for (int i = 50; i < 100; i++) {
      acknowledged.add(stream.publish(Map.of("n", i)));
    }
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.OFFLINE);
    broker.start();

    for (CompletableFuture<Void> future : acknowledged) {
      future.get(20, TimeUnit.SECONDS);
    }
    assertThat(device.statistics().acknowledged()).isEqualTo(100);
    assertThat(device.statistics().waiting()).isZero();
    assertThat(device.statistics().waitingBytes()).isZero();
    assertThat(est.requests()).hasSize(1);
  }

  @Test
  void publish_unacknowledgedWhenTheBrokerDies_comesAgainUnderTheSameIdentity() throws Exception {
    // A random source at its upper end: two seconds pass before the second attempt.
    FleetDevice device = started(builder("a")
        .timing(TestTiming.reconnecting(Duration.ofSeconds(2), Duration.ofSeconds(2)))
        .random(() -> -1L));
    awaitOnline(device);
    broker.freeze();
    PublishReceipt receipt = device.telemetry("env").send(Map.of("n", 1));
    await().atMost(LIMIT).until(() -> device.statistics().waiting() == 1);

    broker.kill();
    broker.start();
    try (Mosquitto.Subscriber consumer = broker.subscribe()) {
      receipt.acknowledged().get(20, TimeUnit.SECONDS);
      await().atMost(LIMIT).until(() -> !consumer.lines().isEmpty());

      assertThat(consumer.lines())
          .singleElement()
          .asString()
          .contains("muster-boot:" + device.bootId() + " muster-seq:1");
    }
  }

  @Test
  void publish_moreStreamsThanTopicAliases_eachArrivesUnderItsOwnTopic() {
    try (Mosquitto.Subscriber consumer = broker.subscribe()) {
      FleetDevice device = started(builder("a"));
      List<String> expected = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 15; i++) {
          device.telemetry("stream" + i).publish(Map.of("stream", i));
          expected.add("telemetry/stream" + i + " " + i);
        }
      }

      await().atMost(LIMIT).until(() -> consumer.lines().size() == expected.size());
      assertThat(consumer.lines().stream()
              .map(line ->
                  line.replaceAll(".*(telemetry/stream[0-9]+)\\|.*\"v\":([0-9]+)}]", "$1 $2")))
          .containsExactlyElementsOf(expected);
    }
  }

  /** Servers have certificates that began after the device was built: only a floor is known. */
  @Test
  void clockAt1970_enrollsLearnsTheTimeAndSendsWhatWasMeasuredBeforeAsOfThen() throws Exception {
    Clock at1970 = Clock.offset(Clock.systemUTC(), Duration.between(Instant.now(), Instant.EPOCH));
    try (Mosquitto.Subscriber consumer = broker.subscribe()) {
      Instant begin = Instant.now();
      FleetDevice device = builder("a").clock(at1970).build();
      devices.add(device);
      var before = device.telemetry("env").publish(Map.of("before", 1));
      assertThat(device.health().timeEstimated()).isTrue();
      device.start();
      before.get(20, TimeUnit.SECONDS);
      device.telemetry("env").publish(Map.of("after", 1)).get(20, TimeUnit.SECONDS);

      assertThat(device.health().timeEstimated()).isFalse();
      assertThat(device.health().clockBehind()).isGreaterThan(Duration.ofDays(20_000));
      await().atMost(LIMIT).until(() -> consumer.lines().size() == 2);
      for (String line : consumer.lines()) {
        double time = Double.parseDouble(line.replaceAll(".*\"bt\":([0-9.]+),.*", "$1"));
        assertThat(time)
            .isBetween(begin.getEpochSecond() - 3.0, Instant.now().getEpochSecond() + 3.0);
      }
      device.close();

      // The next start has its certificate, and asks for nothing but the time.
      FleetDevice second = started(builder("a").clock(at1970));
      awaitOnline(second);
      assertThat(second.health().timeEstimated()).isFalse();
      assertThat(est.requests()).hasSize(1);
    }
  }

  @Test
  void start_beforeTheServersAreThere_waitsForThem() {
    broker.kill();
    FleetDevice device = started(builder("a"));
    CompletableFuture<Void> acknowledged = device.telemetry("env").publish(Map.of("n", 1));
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.OFFLINE);
    assertThat(acknowledged).isNotDone();

    broker.start();

    await().atMost(LIMIT).until(acknowledged::isDone);
    assertThat(acknowledged).isCompleted();
  }

  @Test
  void start_again_usesTheIdentityOnDisk() {
    FleetDevice first = started(builder("a"));
    awaitOnline(first);
    first.close();

    FleetDevice second = started(builder("a"));
    awaitOnline(second);

    assertThat(est.requests()).hasSize(1);
    assertThat(second.bootId()).isNotEqualTo(first.bootId());
  }

  @Test
  void start_certificateExpired_asksAgainAsTheFactoryIdentity() {
    est.issuing(Clock.systemUTC(), Duration.ofDays(1));
    FleetDevice first = started(builder("a"));
    awaitOnline(first);
    first.close();
    est.issuing(Clock.systemUTC(), Duration.ofDays(30));

    FleetDevice second =
        started(builder("a").clock(Clock.offset(Clock.systemUTC(), Duration.ofDays(2))));
    awaitOnline(second);

    assertThat(est.requests()).hasSize(2);
    assertThat(est.requests().get(1).operation().segment()).isEqualTo("simpleenroll");
    assertThat(est.requests().get(1).key()).isNotEqualTo(est.requests().get(0).key());
  }

  @Test
  void enrollment_answerLost_isAskedForAgainWithTheSameKey() {
    AtomicInteger calls = new AtomicInteger();
    est.registrar(request -> {
      EstDouble.Answer issued = est.issue(request);
      return calls.incrementAndGet() == 1 ? EstDouble.Answer.text(502, "lost") : issued;
    });

    awaitOnline(started(builder("a")));

    assertThat(est.requests()).hasSize(2);
    assertThat(est.requests().get(1).key()).isEqualTo(est.requests().get(0).key());
  }

  @Test
  void enrollment_deferredThenRefusedThenIssued_isToldToTheListener() {
    List<EnrollmentException> problems = new CopyOnWriteArrayList<>();
    est.registrar(request -> switch (est.requests().size()) {
      case 1 -> EstDouble.Answer.text(202, "waits for an operator").with("Retry-After", "1");
      case 2 -> EstDouble.Answer.text(403, "serial not announced");
      default -> est.issue(request);
    });

    awaitOnline(started(builder("a").listener(new DeviceListener() {
      @Override
      public void onEnrollmentProblem(EnrollmentException problem) {
        problems.add(problem);
      }
    })));

    await().atMost(LIMIT).until(() -> problems.size() == 2);
    assertThat(problems.get(0)).isInstanceOf(EnrollmentDeferredException.class);
    assertThat(problems.get(1)).isInstanceOf(EnrollmentRefusedException.class);
  }

  @Test
  void renewal_atTwoThirdsOfLife_changesKeyAndLosesNothing() throws Exception {
    est.issuing(Clock.systemUTC(), Duration.ofDays(30));
    MovableClock clock = MovableClock.running();
    FleetDevice device = started(builder("a").clock(clock));
    awaitOnline(device);
    List<CompletableFuture<Void>> acknowledged = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      acknowledged.add(device.telemetry("env").publish(Map.of("n", i)));
    }

    renewAfter26Days(clock);

    await().atMost(LIMIT).until(() -> device.statistics().connections() == 2);
    for (int i = 0; i < 100; i++) {
      acknowledged.add(device.telemetry("env").publish(Map.of("n", i)));
    }
    for (CompletableFuture<Void> future : acknowledged) {
      future.get(20, TimeUnit.SECONDS);
    }
    assertThat(est.requests()).hasSize(2);
    EstDouble.Request renewal = est.requests().get(1);
    assertThat(renewal.operation().segment()).isEqualTo("simplereenroll");
    assertThat(renewal.client().getPublicKey()).isEqualTo(est.requests().get(0).key());
    assertThat(renewal.key()).isNotEqualTo(est.requests().get(0).key());
    assertThat(folder.resolve("a/identity/current")).hasContent("2\n");
    assertThat(device.state()).isEqualTo(DeviceState.ONLINE);
  }

  @Test
  void renewal_refusedForAWhile_keepsTheOldCertificateAndSucceedsLater() {
    MovableClock clock = MovableClock.running();
    est.registrar(request ->
        est.requests().size() == 2 ? EstDouble.Answer.text(403, "not today") : est.issue(request));
    FleetDevice device = started(builder("a").clock(clock));
    awaitOnline(device);

    renewAfter26Days(clock);
    await().atMost(LIMIT).until(() -> device.reason().contains("not today"));
    assertThat(device.state()).isEqualTo(DeviceState.ONLINE);
    clock.advance(Duration.ofSeconds(5));

    await().atMost(LIMIT).until(() -> device.statistics().connections() == 2);
    assertThat(est.requests()).hasSize(3);
    assertThat(est.requests().get(2).key()).isEqualTo(est.requests().get(1).key());
  }

  @Test
  void close_brokerFrozen_isDoneWithin5Seconds() throws Exception {
    FleetDevice device = started(builder("a"));
    awaitOnline(device);
    broker.freeze();
    CompletableFuture<Void> acknowledged = device.telemetry("env").publish(Map.of("n", 1));

    long begin = System.nanoTime();
    device.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    assertThat(device.state()).isEqualTo(DeviceState.STOPPED);
    assertThatThrownBy(() -> acknowledged.get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(DeviceClosedException.class);
  }

  @Test
  void close_messagesUnderWay_areAcknowledgedFirst() throws Exception {
    FleetDevice device = started(builder("a"));
    awaitOnline(device);
    List<CompletableFuture<Void>> acknowledged = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      acknowledged.add(device.telemetry("env").publish(Map.of("n", i)));
    }

    device.close();

    for (CompletableFuture<Void> future : acknowledged) {
      future.get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void start_stateDirectoryInUse_isRefused() {
    started(builder("a"));

    try (FleetDevice second = builder("a").build()) {
      assertThatThrownBy(second::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("in use");
    }
  }

  @Test
  void publish_topicRefused_failsThatFutureOnlyAndIsReportedAsLost() throws Exception {
    Path acl = folder.resolve("acl");
    Files.writeString(acl, """
        user consumer
        topic read #
        pattern write fleets/default/devices/%u/telemetry/good
        pattern write fleets/default/devices/%u/telemetry/sdk
        """);
    try (Mosquitto strict = Mosquitto.start(fleet, fleet.server(), "acl_file " + acl);
        Mosquitto.Subscriber consumer = strict.subscribe()) {
      FleetDevice device = started(builder("a").broker(strict.uri()));

      CompletableFuture<Void> bad = device.telemetry("bad").publish(Map.of("n", 1));
      CompletableFuture<Void> good = device.telemetry("good").publish(Map.of("n", 1));

      good.get(20, TimeUnit.SECONDS);
      assertThatThrownBy(() -> bad.get(20, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              PublishRefusedException.class,
              refused -> assertThat(refused.reason()).isEqualTo(0x87));
      await()
          .atMost(LIMIT)
          .until(() -> consumer.lines().stream()
              .anyMatch(line -> line.contains("/telemetry/sdk|")
                  && line.contains("\"n\":\"lost.telemetry\",\"v\":1}")));
      assertThat(device.statistics().refused()).isEqualTo(1);
      assertThat(device.statistics().lost()).isEqualTo(1);
    }
  }

  @Test
  void publish_largerThanTheBrokerTakes_failsWithoutLosingTheConnection() {
    try (Mosquitto small = Mosquitto.start(fleet, fleet.server(), "max_packet_size 2000")) {
      FleetDevice device = started(builder("a").broker(small.uri()));
      awaitOnline(device);

      CompletableFuture<Void> big =
          device.telemetry("env").publish(Map.of("text", "x".repeat(3000)));

      assertThatThrownBy(() -> big.get(20, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              PublishRefusedException.class,
              refused -> assertThat(refused.reason()).isEqualTo(0x95));
      assertThat(device.telemetry("env").publish(Map.of("n", 1))).succeedsWithin(LIMIT);
      assertThat(device.statistics().connections()).isEqualTo(1);
    }
  }

  @Test
  void connect_certificateRevoked_staysOfflineWithTheReason() throws Exception {
    FleetDevice first = started(builder("a"));
    awaitOnline(first);
    first.close();
    Path crl = folder.resolve("crl.pem");
    var stored = TestPki.crl(
        fleet.deviceCa(), List.of((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(
                Files.newInputStream(folder.resolve("a/identity/0001/chain.pem")))));
    Files.writeString(
        crl,
        TestPki.crl(fleet.root(), List.of()) + TestPki.crl(fleet.serviceCa(), List.of()) + stored);
    try (Mosquitto strict = Mosquitto.start(fleet, fleet.server(), "crlfile " + crl)) {
      FleetDevice device = started(builder("a").broker(strict.uri()));

      await().atMost(LIMIT).until(() -> device.state() == DeviceState.OFFLINE);
      assertThat(device.reason()).contains("certificate refused").contains("revoked");
      assertThat(est.requests()).hasSize(1);
    }
  }

  /**
   * A command holds one of the two threads for what may take long, and each call of the listener
   * the other one, for as long as it can: reconnecting and renewing need three threads all the
   * same.
   */
  @Test
  void threads_commandAndCallbacksHeldRenewalAndReconnect_areThreeAtMost() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    AtomicBoolean armed = new AtomicBoolean();
    AtomicInteger held = new AtomicInteger();
    AtomicInteger interrupted = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ThreadGroup group = new ThreadGroup("device");
    MovableClock clock = MovableClock.running();
    FleetDevice device = builder("a")
        .clock(clock)
        .listener(new DeviceListener() {
          @Override
          public void onState(DeviceState state, String reason) {
            if (armed.get()) {
              held.incrementAndGet();
              try {
                end.await();
              } catch (InterruptedException e) {
                interrupted.incrementAndGet();
              }
            }
          }
        })
        .build();
    devices.add(device);
    CountDownLatch begun = new CountDownLatch(1);
    device.onCommand("hold", (command, context) -> {
      begun.countDown();
      end.await();
      return CommandResult.done();
    });
    Thread starter = new Thread(group, device::start); // Threads are of the group of their maker.
    starter.start();
    starter.join();
    try {
      // Acknowledged after the subscription to commands, which was sent before.
      assertThat(device.telemetry("env").publish(Map.of("n", 1))).succeedsWithin(LIMIT);
      broker.say(
          "fleets/default/devices/acme-0001/commands/c1",
          "{\"id\":\"c1\",\"name\":\"hold\",\"deadline\":\""
              + Instant.now().plus(Duration.ofDays(99)) + "\"}");
      assertThat(begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

      armed.set(true);
      broker.kill();
      await().atMost(LIMIT).until(() -> held.get() > 0);
      renewAfter26Days(clock);
      broker.start();

      await().atMost(LIMIT).until(() -> {
        most.accumulateAndGet(group.activeCount(), Math::max);
        return device.state() == DeviceState.ONLINE
            && Files.readString(folder.resolve("a/identity/current")).equals("2\n");
      });
      assertThat(most).hasValue(3);
      assertThat(interrupted).hasPositiveValue();
      assertThat(device.log().lines()).anyMatch(line -> line.contains("Callback interrupted"));
    } finally {
      end.countDown();
    }
  }

  /** 30, or as many as {@code -Ddevices=1000} says. */
  @Test
  void manyDevices_inOneJvm_useFewThreadsAndEndThem() {
    int count = Integer.getInteger("devices", 30);
    for (int i = 0; i < count; i++) {
      est.deviceName("acme-" + i);
      FleetDevice device = started(builder("d" + i).timing(DeviceTiming.STANDARD));
      awaitOnline(device);
    }
    devices.forEach(device ->
        assertThat(device.telemetry("env").publish(Map.of("n", 1))).succeedsWithin(LIMIT));
    // Each has its own, which speaks MQTT as well; those that called and connected end by and by.
    await().atMost(LIMIT).until(() -> threads("muster-") == count);

    devices.parallelStream().forEach(FleetDevice::close);

    await().atMost(LIMIT).until(() -> threads("muster-") == 0);
  }

  private static long threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(prefix))
        .count();
  }
}
