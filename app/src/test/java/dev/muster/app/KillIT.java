/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.FleetDevice;
import dev.muster.testing.FaultProxy;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The backend is killed while devices publish, over MQTT and one over CoAP; whatever they were told
 * is stored must be stored, and once, and whatever certificate they were given must be known.
 */
class KillIT {
  private static final int DEVICES = 10;
  /** Those who enroll while the backend is killed, in each round. */
  private static final int NEWCOMERS = 3;

  private static final int ROUNDS = Integer.getInteger("kill.rounds", 2);

  @TempDir
  Path folder;

  @Test
  void killsAndABadNetwork_underLoad_loseNothingAcknowledged_andStoreNothingTwice()
      throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    Path data = folder.resolve("muster-data");
    MusterProcess backend = MusterProcess.start(
            folder, "serve", "--ephemeral-ports", "--set", "ports.telemetryCoaps=0")
        .awaitReady();
    Endpoints ports = Endpoints.read(data);
    String[] samePorts = {
      "serve",
      "--set",
      "ports.est=" + ports.est(),
      "--set",
      "ports.mqtt=" + ports.mqtt(),
      "--set",
      "ports.operator=" + ports.operator(),
      "--set",
      "ports.http=" + ports.http(),
      "--set",
      "ports.telemetryCoaps=" + ports.telemetryCoaps(),
      "--set",
      "ports.metrics=0"
    };
    FaultProxy network = FaultProxy.to(ports.mqtt());
    PublishingFleet fleet = PublishingFleet.start(
        folder, DEVICES, Duration.ofMillis(20), URI.create("mqtts://localhost:" + network.port()));
    try (network;
        fleet) {
      awaitAcknowledged(fleet, DEVICES);
      network.reset();
      awaitAcknowledged(fleet, 10 * DEVICES);
      swallowWhatIsUnderWay(network, fleet);
      FleetDevice constrained =
          fleet.startAnother("SN-coap", URI.create("coaps://localhost:" + ports.telemetryCoaps()));
      for (int round = 0; round < ROUNDS; round++) {
        awaitAcknowledged(fleet, 50 + random.nextInt(200));
        awaitAcknowledged(fleet, constrained, 1 + random.nextInt(50));
        for (int i = 0; i < NEWCOMERS; i++) {
          fleet.startAnother("SN-new-" + round + "-" + i);
        }
        awaitAcknowledged(fleet, random.nextInt(50));
        backend.kill();
        backend = MusterProcess.start(folder, samePorts).awaitReady();
      }
      awaitAcknowledged(fleet, 1 + DEVICES);
      awaitAcknowledged(fleet, constrained, 1);
      await().atMost(Duration.ofSeconds(120)).until(fleet::isEnrolled);
    }
    fleet.assertStoredOnce(OperatorClient.local(data), "seed " + seed);
    assertCertificatesAreRecorded(fleet, data, "seed " + seed);
    backend.close();
    assertThat(fleet.acknowledged()).as("the load was one").isGreaterThan(ROUNDS * 50);
  }

  /** Whatever a device was given, registry and audit log know, and the log is whole. */
  private static void assertCertificatesAreRecorded(PublishingFleet fleet, Path data, String as) {
    assertThat(Muster.commandLine().execute("admin", "audit", "verify", "--data", data.toString()))
        .as(as)
        .isZero();
    OperatorClient operator = OperatorClient.local(data);
    List<X509Certificate> kept = fleet.certificates();
    assertThat(kept).as(as).hasSizeGreaterThan(DEVICES + ROUNDS * NEWCOMERS);
    for (X509Certificate certificate : kept) {
      String serial = certificate.getSerialNumber().toString(16);
      JsonNode record = operator.get("certificates/" + serial);
      assertThat(record.path("status").asText()).as("%s, %s", as, serial).isEqualTo("active");
      JsonNode log =
          operator.get("audit?limit=1000&object=device:" + record.path("device").asText());
      assertThat(log.path("entries")).as("%s, %s", as, serial).anyMatch(entry -> {
        String text = entry.path("text").asText();
        return text.contains("certificate.issued") && text.contains('"' + serial + '"');
      });
    }
  }

  private static void awaitAcknowledged(PublishingFleet fleet, int more) {
    int before = fleet.acknowledged();
    await().atMost(Duration.ofSeconds(60)).until(() -> fleet.acknowledged() >= before + more);
  }

  /** That the server does not know its session any more, it notices when it has said it twice. */
  private static void awaitAcknowledged(PublishingFleet fleet, FleetDevice device, int more) {
    int before = fleet.acknowledged(device);
    await()
        .atMost(Duration.ofSeconds(120))
        .until(() -> fleet.acknowledged(device) >= before + more);
  }

  /** Messages that never arrive, and acknowledgements; then the connections are reset. */
  private static void swallowWhatIsUnderWay(FaultProxy network, PublishingFleet fleet) {
    network.swallow();
    AtomicInteger known = new AtomicInteger(-1);
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(60))
        .until(() -> known.getAndSet(fleet.acknowledged()) == fleet.acknowledged());
    network.reset();
    network.heal();
  }
}
