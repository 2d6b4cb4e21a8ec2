/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.client.ControlledLink;
import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.FactoryIdentity;
import dev.muster.simulator.client.IdentitySource;
import dev.muster.simulator.client.LightLinks;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.client.SdkLinks;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.payload.Reading;
import dev.muster.simulator.scenario.Scenario;
import dev.muster.testing.FaultProxy;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on the device SDK: against mosquitto, and against nobody. */
@Timeout(120)
final class SimulationIT {
  private static final String MARK = "in-the-journal";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final TestPki.Credential root = TestPki.root("CN=Lab Root");
  private final TestPki.Credential deviceCa =
      root.issue("CN=Lab Device CA").ca().build();
  private final TestPki.Credential manufacturer = TestPki.root("CN=Acme Manufacturer CA");

  @TempDir
  Path folder;

  @BeforeEach
  void writeTrust() throws Exception {
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(root.certificate())));
  }

  @Test
  void run_realBroker_deliversWhatItAcknowledgedOnce() throws Exception {
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate());
        LabBroker broker = new LabBroker(folder, root, deviceCa);
        Simulation simulation = new Simulation(Clock.systemUTC())) {
      FleetPlan plan = plan(8, registrar.uri(), broker.uri(), Duration.ofSeconds(8));
      RunReport report = simulation.run(plan, this::identityOf, ProgressListener.NONE);

      assertThat(report.deviceFailures()).isEmpty();
      assertThat(report.messageFailures()).isEmpty();
      assertThat(report.connected()).isEqualTo(8);
      assertThat(report.acknowledged()).isGreaterThan(100);
      assertThat(requireNonNull(report.latency()).p50Ms()).isBetween(0.05, 1000.0);
      Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
        LossLedger.Comparison comparison = simulation.ledger().compare(broker::received);
        assertThat(comparison.acknowledged()).isEqualTo(report.acknowledged());
        assertThat(comparison.clean()).as(comparison::toString).isTrue();
      });
      assertAlteredOnesAreFound(simulation.ledger(), broker);
    }
  }

  @Test
  void run_lightDevices_enrollOnceAndDeliverOnce() throws Exception {
    try (LabBroker broker = new LabBroker(folder, root, deviceCa);
        Simulation simulation = new Simulation(Clock.systemUTC())) {
      URI enrollment;
      try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate())) {
        enrollment = registrar.uri();
        FleetPlan plan =
            plan(FleetPlan.Client.LIGHT, 8, enrollment, broker.uri(), Duration.ofSeconds(15));
        RunReport first = simulation.run(plan, this::identityOf, ProgressListener.NONE);
        assertThat(first.deviceFailures()).isEmpty();
        assertThat(first.messageFailures()).isEmpty();
        assertThat(first.connected()).isEqualTo(8);
        assertThat(first.acknowledged()).isPositive();
      }
      FleetPlan plan =
          plan(FleetPlan.Client.LIGHT, 8, enrollment, broker.uri(), Duration.ofSeconds(3));
      broker.tell("lab-sn-0003", "twin/desired", """
          {"version":7,"desired":{"led":true},"delta":{"led":true},"reportedVersion":0}""");
      broker.tell("lab-sn-0003", "commands/c1", "{\"id\":\"c1\",\"name\":\"identify\"}");
      RunReport second = simulation.run(plan, this::identityOf, ProgressListener.NONE);
      assertThat(second.connected())
          .as("with the certificates of the first run")
          .isEqualTo(8);
      assertThat(second.acknowledged()).isPositive().isEqualTo(second.sent());
      assertThat(second.answered()).as("a twin and a command").isEqualTo(2);
      assertThat(broker.transcript())
          .containsPattern("lab-sn-0003/twin/reported +\\{\"reported\":\\{\"led\":true},")
          .containsPattern("lab-sn-0003/commands/c1/result +\\{\"status\":\"done\"}");
      long before = broker.transcript().lines().count();
      FleetPlan old = plan(
          FleetPlan.Client.LIGHT,
          MqttRelease.V3_1_1,
          8,
          enrollment,
          broker.uri(),
          Duration.ofSeconds(2));
      RunReport third = simulation.run(old, this::identityOf, ProgressListener.NONE);
      assertThat(third.acknowledged()).as("over MQTT 3.1.1").isPositive().isEqualTo(third.sent());
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> broker.transcript().lines().count() >= before + third.acknowledged());
      Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
        LossLedger.Comparison comparison = simulation.ledger().compare(broker::received);
        assertThat(comparison.acknowledged()).isEqualTo(simulation.ledger().size());
        assertThat(comparison.lost().count())
            .as("but for MQTT 3.1.1")
            .isEqualTo(third.acknowledged());
        assertThat(comparison.duplicated().count()).isZero();
        assertThat(comparison.altered().count()).isZero();
      });
      assertAlteredOnesAreFound(simulation.ledger(), broker);
    }
  }

  /** What a broker says it got, but for one message of one device. */
  private static void assertAlteredOnesAreFound(LossLedger ledger, LabBroker broker) {
    // A message that nobody has acknowledged may be on its way into the transcript.
    Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
      LossLedger.Comparison comparison = ledger.compare(device -> {
        List<StoredMessage> received = broker.received(device);
        if (device.value().equals("lab-sn-0003")) {
          StoredMessage first = received.get(0);
          received.set(
              0,
              new StoredMessage(
                  first.identity(), first.stream(), first.underWay(), first.checksum() + 1, false));
        }
        return received;
      });
      assertThat(comparison.altered().examples())
          .singleElement()
          .matches(message -> message.device().value().equals("lab-sn-0003"));
    });
  }

  @Test
  void run_again_findsItsDevicesEnrolled() throws Exception {
    try (LabBroker broker = new LabBroker(folder, root, deviceCa);
        Simulation simulation = new Simulation(Clock.systemUTC())) {
      URI enrollment;
      try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate())) {
        enrollment = registrar.uri();
        FleetPlan plan = plan(3, enrollment, broker.uri(), Duration.ofSeconds(4));
        RunReport first = simulation.run(plan, this::identityOf, ProgressListener.NONE);
        assertThat(first.connected()).isEqualTo(3);
      }
      FleetPlan plan = plan(3, enrollment, broker.uri(), Duration.ofSeconds(3));
      broker.tell("lab-sn-0003", "twin/desired", """
          {"version":7,"desired":{"led":true},"delta":{"led":true},"reportedVersion":0}""");
      broker.tell("lab-sn-0003", "commands/c1", """
          {"id":"c1","name":"identify","deadline":"2100-01-01T00:00:00Z"}""");
      RunReport second = simulation.run(plan, this::identityOf, ProgressListener.NONE);

      assertThat(second.enrolled()).isEqualTo(3);
      assertThat(second.connected()).isEqualTo(3);
      assertThat(second.acknowledged()).isPositive().isEqualTo(second.sent());
      assertThat(second.answered()).as("a twin and a command").isEqualTo(2);
      assertThat(simulation.ledger().size()).isGreaterThan(second.acknowledged());
    }
  }

  /** While no broker can be reached. */
  @Test
  void powerCut_sdkDevice_sendsWhatItsJournalHolds_once() throws Exception {
    LossLedger ledger = new LossLedger();
    List<String> waits = new CopyOnWriteArrayList<>();
    List<MessageIdentity> delivered = new CopyOnWriteArrayList<>();
    MessageIdentity journaled;
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate());
        LabBroker broker = new LabBroker(folder, root, deviceCa);
        FaultProxy network = FaultProxy.to(broker.uri().getPort())) {
      URI way = URI.create("mqtts://localhost:" + network.port());
      FleetPlan plan = plan(1, registrar.uri(), way, Duration.ofSeconds(1));
      VirtualDevice device = new VirtualDevice(plan, 0);
      try (SdkLinks links =
              new SdkLinks(plan.endpoints(), this::identityOf, Clock.systemUTC(), false);
          DeviceLink link = links.open("SN-0001", new Ear(waits, delivered))) {
        link.start();
        Awaitility.await().atMost(LIMIT).until(() -> link.device().isPresent());
        DeviceId id = link.device().orElseThrow();
        DeviceLink.Receipt answered = link.send(device.next(Instant.now()));
        answered.acknowledged().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        network.refuse();
        DeviceLink.Receipt unanswered = link.send(new Reading(
            "room",
            List.of(new Measurement(MARK, null, Instant.now(), new Measurement.Value.Number(1)))));
        Awaitility.await().atMost(LIMIT).until(() -> isOnDisk(MARK));
        link.cutPower();
        assertThatThrownBy(() -> unanswered.acknowledged().get(LIMIT.toSeconds(), TimeUnit.SECONDS))
            .hasCauseInstanceOf(IOException.class)
            .hasMessageContaining("the power was cut");
        assertThat(waits).contains("the power was cut");
        journaled = unanswered.identity();
        network.heal();
        DeviceLink.Receipt next = Awaitility.await()
            .atMost(LIMIT)
            .ignoreException(IllegalStateException.class)
            .until(() -> link.send(device.next(Instant.now())), Objects::nonNull);
        next.acknowledged().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(link.device()).hasValue(id);
        assertThat(next.identity().boot()).isNotEqualTo(unanswered.identity().boot());
        List.of(answered, unanswered, next).forEach(receipt -> {
          ledger.sent(id, receipt.identity(), receipt.checksum());
          ledger.remember(id, receipt.identity());
        });
        Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
          LossLedger.Comparison found = ledger.compare(broker::received);
          assertThat(found.acknowledged()).isEqualTo(3);
          assertThat(found.clean()).as(found::toString).isTrue();
        });
      }
    }
    assertThat(delivered).as("what the ledger would not know of").containsExactly(journaled);
    assertThat(folder.resolve("state")).isDirectoryNotContaining("glob:**.{image,gone}");
  }

  /** Nobody has to be reached for that. */
  @Test
  void powerCut_sdkDeviceThatCannotStartAgain_isTold() {
    AtomicInteger asked = new AtomicInteger();
    IdentitySource once = serial -> {
      if (asked.getAndIncrement() > 0) {
        throw new IllegalStateException("the drawer is empty");
      }
      return identityOf(serial);
    };
    URI nobody = URI.create("https://localhost:1");
    FleetPlan plan = plan(1, nobody, URI.create("mqtts://localhost:1"), Duration.ofSeconds(1));
    List<String> waits = new CopyOnWriteArrayList<>();
    List<String> told = new CopyOnWriteArrayList<>();
    try (SdkLinks links = new SdkLinks(plan.endpoints(), once, Clock.systemUTC(), false);
        DeviceLink link = links.open("SN-0001", new Ear(waits, List.of()) {
          @Override
          public void brokeDown(String reason) {
            told.add(reason);
          }
        })) {
      link.start();
      link.cutPower();
      Awaitility.await().atMost(LIMIT).until(() -> !told.isEmpty());
    }
    assertThat(told)
        .containsExactly("not started again after a power cut:"
            + " java.lang.IllegalStateException: the drawer is empty");
    assertThat(waits).containsAll(told);
  }

  private static class Ear implements DeviceLink.Listener {
    private final List<String> waits;
    private final List<MessageIdentity> delivered;

    Ear(List<String> waits, List<MessageIdentity> delivered) {
      this.waits = waits;
      this.delivered = delivered;
    }

    @Override
    public void enrolled() {
      // Asked for.
    }

    @Override
    public void online() {
      // As above.
    }

    @Override
    public void waiting(String reason) {
      waits.add(reason);
    }

    @Override
    public void delivered(MessageIdentity message) {
      delivered.add(message);
    }
  }

  private boolean isOnDisk(String text) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("state"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void disguise_thatIsOverBeforeItIsReady_isNotPutOn() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    CompletableFuture<Void> disguised = new CompletableFuture<>();
    IdentitySource slow = serial -> {
      if (asked.getAndIncrement() > 0) {
        over.countDown();
        disguised.join();
      }
      return identityOf(serial);
    };
    AtomicInteger online = new AtomicInteger();
    AtomicBoolean intruded = new AtomicBoolean();
    try (LabBroker broker = new LabBroker(folder, root, manufacturer);
        LightLinks links = new LightLinks(
            plan(
                    FleetPlan.Client.LIGHT,
                    MqttRelease.V5,
                    1,
                    null,
                    broker.uri(),
                    Duration.ofSeconds(1))
                .endpoints(),
            slow,
            Clock.systemUTC())) {
      ControlledLink link = (ControlledLink) links.open("SN-0001", new DeviceLink.Listener() {
        @Override
        public void enrolled() {
          // At once.
        }

        @Override
        public void online() {
          online.incrementAndGet();
        }

        @Override
        public void waiting(String reason) {
          // It comes back.
        }

        @Override
        public void intruded() {
          intruded.set(true);
        }
      });
      link.start();
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> online.get() == 1);
      link.disguise(true);
      over.await();
      link.disguise(false);
      disguised.complete(null);
      link.cut();
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> online.get() >= 2);
      assertThat(intruded).isFalse();
    }
  }

  /** As at the end of a phase in which devices enroll and no more. */
  @Test
  void start_whileTheDeviceEnrolls_asksForNoSecondCertificate() throws Exception {
    CompletableFuture<Void> ready = new CompletableFuture<>();
    AtomicInteger enrolled = new AtomicInteger();
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate());
        LightLinks links = lightLinks(registrar.uri())) {
      registrar.ready = ready;
      ControlledLink link = (ControlledLink) links.open("SN-0001", enrolling(enrolled));
      link.enroll();
      link.start();
      Awaitility.await()
          .atMost(LIMIT)
          .during(Duration.ofMillis(500))
          .until(() -> registrar.asked.size() == 1);
      ready.complete(null);
      Awaitility.await().atMost(LIMIT).until(() -> enrolled.get() == 1);
      assertThat(registrar.asked).hasSize(1);
    } finally {
      ready.complete(null);
    }
  }

  /** Whoever comes with another key than the one that was certified is a clone. */
  @Test
  void enroll_afterAnAnswerThatWasLost_comesWithTheSameKey() throws Exception {
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate())) {
      PublicKey unheard = certifiedUnheard(registrar);
      enrollLight(registrar);
      assertThat(registrar.asked).hasSizeGreaterThan(1).containsOnly(unheard);
    }
    assertThat(folder.resolve("state/ldevid")).isDirectoryNotContaining("glob:**.next.key");
    assertThat(folder.resolve("state/ldevid/SN-0001.pem")).exists();
  }

  /** The registrar has no use for it any more. */
  @Test
  void enroll_withAKeyWhoseCertificateHasEndedUnheard_comesWithAnother() throws Exception {
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate())) {
      PublicKey unheard = certifiedUnheard(registrar);
      registrar.ended = unheard;
      enrollLight(registrar);
      assertThat(registrar.asked.get(registrar.asked.size() - 1)).isNotEqualTo(unheard);
    }
  }

  /** @return the key of a device that was issued a certificate, and had no answer */
  private PublicKey certifiedUnheard(LabRegistrar registrar) throws Exception {
    AtomicInteger enrolled = new AtomicInteger();
    registrar.losesAnswers = true;
    try (LightLinks links = lightLinks(registrar.uri())) {
      ((ControlledLink) links.open("SN-0001", enrolling(enrolled))).enroll();
      Awaitility.await().atMost(LIMIT).until(() -> !registrar.asked.isEmpty());
    }
    assertThat(enrolled).hasValue(0);
    registrar.losesAnswers = false;
    return registrar.asked.get(0);
  }

  /** The same device, started anew, until it has a certificate. */
  private void enrollLight(LabRegistrar registrar) throws Exception {
    AtomicInteger enrolled = new AtomicInteger();
    try (LightLinks links = lightLinks(registrar.uri())) {
      ((ControlledLink) links.open("SN-0001", enrolling(enrolled))).enroll();
      Awaitility.await().atMost(LIMIT).until(() -> enrolled.get() == 1);
    }
  }

  private LightLinks lightLinks(URI enrollment) {
    URI nobody = URI.create("mqtts://localhost:1");
    FleetPlan plan = plan(FleetPlan.Client.LIGHT, 1, enrollment, nobody, Duration.ofSeconds(1));
    return new LightLinks(plan.endpoints(), this::identityOf, Clock.systemUTC());
  }

  private static DeviceLink.Listener enrolling(AtomicInteger enrolled) {
    return new Ear(new CopyOnWriteArrayList<>(), List.of()) {
      @Override
      public void enrolled() {
        enrolled.incrementAndGet();
      }
    };
  }

  @Test
  void run_nobodyAnswers_reportsWhyAndEndsInTime() {
    URI closed = URI.create("https://localhost:1");
    FleetPlan plan = plan(4, closed, URI.create("mqtts://localhost:1"), Duration.ofSeconds(3));
    RunReport report;
    try (Simulation simulation = new Simulation(Clock.systemUTC())) {
      report = simulation.run(plan, this::identityOf, ProgressListener.NONE);
    }
    assertThat(report.enrolled()).isZero();
    assertThat(report.sent()).isZero();
    assertThat(report.deviceFailures()).hasSize(1).containsValue(4L);
    assertThat(report.deviceFailures().firstKey())
        .startsWith("not enrolled: ")
        .contains("cannot be reached");
  }

  @Test
  void close_whileDevicesRun_endsWithinFiveSeconds() throws Exception {
    try (LabRegistrar registrar = new LabRegistrar(root, deviceCa, manufacturer.certificate());
        LabBroker broker = new LabBroker(folder, root, deviceCa)) {
      Simulation simulation = new Simulation(Clock.systemUTC());
      CompletableFuture<Void> someAcknowledged = new CompletableFuture<>();
      FleetPlan plan = plan(8, registrar.uri(), broker.uri(), Duration.ofMinutes(10));
      CompletableFuture<RunReport> report =
          CompletableFuture.supplyAsync(() -> simulation.run(plan, this::identityOf, progress -> {
            if (progress.connected() == 8 && progress.acknowledged() > 20) {
              someAcknowledged.complete(null);
            }
          }));
      someAcknowledged.get(60, TimeUnit.SECONDS);
      long begin = System.nanoTime();
      simulation.close();
      assertThat(report.get(1, TimeUnit.SECONDS).completed()).isFalse();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    }
  }

  private FleetPlan plan(int devices, URI enrollment, URI broker, Duration duration) {
    return plan(FleetPlan.Client.SDK, devices, enrollment, broker, duration);
  }

  private FleetPlan plan(
      FleetPlan.Client client, int devices, URI enrollment, URI broker, Duration duration) {
    return plan(client, MqttRelease.V5, devices, enrollment, broker, duration);
  }

  private FleetPlan plan(
      FleetPlan.Client client,
      MqttRelease mqtt,
      int devices,
      @Nullable URI enrollment,
      URI broker,
      Duration duration) {
    return new FleetPlan(
        client,
        devices,
        5,
        Payload.DAY_CURVE,
        Scenario.plain(duration, Duration.ofSeconds(1)),
        enrollment,
        broker,
        mqtt,
        folder.resolve("root.pem"),
        folder.resolve("state"),
        "SN-",
        1);
  }

  private FactoryIdentity identityOf(String serial) {
    TestPki.write(
        folder,
        serial,
        manufacturer.issue("SERIALNUMBER=" + serial + ",O=Acme").withoutUsages().build());
    return new FactoryIdentity(folder.resolve(serial + ".key"), folder.resolve(serial + ".pem"));
  }
}
