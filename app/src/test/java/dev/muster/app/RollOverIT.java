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
import dev.muster.protocol.file.PemFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices live through roll-overs of their CA and of the root, and through the loss of a CA. */
class RollOverIT {
  private static final int DEVICES = 3;
  /** Certificates live for two minutes, and devices look at the clock every 15 seconds. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir
  Path folder;

  private final List<FleetDevice> devices = new ArrayList<>();
  private final AtomicInteger refused = new AtomicInteger();
  private OperatorClient operator;
  private Endpoints ports;

  private MusterProcess.Ended muster(String... arguments) {
    return MusterProcess.run(folder, arguments).expect(0);
  }

  private FleetDevice device(String serial) {
    muster("factory", "issue", "--factory", "acme", "--serial", serial, "--out", serial);
    return FleetDevice.builder()
        .enrollment(ports.estUrl())
        .broker(ports.mqttUrl())
        .trust(folder.resolve("first-root.pem"))
        .factoryIdentity(
            folder.resolve(serial).resolve("device.key"),
            folder.resolve(serial).resolve("chain.pem"))
        .stateDirectory(folder.resolve(serial + "-state"))
        .build();
  }

  private String state(String authority) {
    return StreamSupport.stream(
            operator.get("authorities").path("authorities").spliterator(), false)
        .filter(one -> one.path("id").asText().equals(authority))
        .map(one -> one.path("state").asText())
        .findFirst()
        .orElse("absent");
  }

  /** The issuer of the newest active certificate of each device. */
  private boolean allHaveOneOf(String authority) {
    for (int i = 0; i < DEVICES; i++) {
      JsonNode certificates = operator.get("certificates?device=acme-sn-" + i).path("certificates");
      JsonNode newest = certificates.get(certificates.size() - 1);
      if (!newest.path("issuer").asText().equals(authority)) {
        return false;
      }
    }
    return true;
  }

  /** Each device publishes once, and waits until that is on the broker's disk. */
  private void allPublish(int value) throws Exception {
    for (FleetDevice device : devices) {
      device.telemetry("env").publish(Map.of("n", value)).get(3, TimeUnit.MINUTES);
    }
  }

  private void publishOnAndOn() {
    for (FleetDevice device : devices) {
      device.telemetry("steady").publish(Map.of("n", 1)).exceptionally(e -> {
        refused.incrementAndGet();
        return null;
      });
    }
  }

  @Test
  void devices_liveThroughRollOversAndTheLossOfACa_withoutAPerson() throws Exception {
    try (MusterProcess backend = MusterProcess.start(
        folder,
        "serve",
        "--ephemeral-ports",
        "--set",
        "enrollment.certificateValidity=2m",
        "--set",
        "enrollment.crlInterval=1s",
        "--set",
        "enrollment.caLeadTime=15s")) {
      backend.awaitReady();
      Path data = folder.resolve("muster-data");
      ports = Endpoints.read(data);
      operator = OperatorClient.local(data);
      Files.copy(data.resolve("trust/root.pem"), folder.resolve("first-root.pem"));
      muster("factory", "init", "--out", "acme", "--name", "acme");
      muster("admin", "manufacturers", "add", "acme", "--ca", "acme/ca.pem");
      ScheduledExecutorService steady = Executors.newSingleThreadScheduledExecutor();
      try {
        for (int i = 0; i < DEVICES; i++) {
          devices.add(device("SN-" + i));
          devices.get(i).start();
        }
        allPublish(1);
        steady.scheduleWithFixedDelay(this::publishOnAndOn, 0, 1, TimeUnit.SECONDS);
        rollOverAll(data);
        loseACa();
      } finally {
        steady.shutdownNow();
        steady.awaitTermination(10, TimeUnit.SECONDS);
        devices.forEach(FleetDevice::close);
      }
    }
  }

  private void rollOverAll(Path data) throws Exception {
    muster("admin", "authorities", "roll-over", "root", "--now");
    // The issuing CAs follow by themselves, under the new root.
    await().atMost(PATIENCE).until(() -> state("device-2").equals("active"));
    await().atMost(PATIENCE).until(() -> state("service-2").equals("active"));
    await().atMost(PATIENCE).until(() -> allHaveOneOf("device-2"));
    await().atMost(PATIENCE).until(() -> state("device").equals("ended"));
    assertThat(PemFile.certificates(data.resolve("trust/device-ca.pem"))).hasSize(1);
    assertThat(PemFile.certificates(data.resolve("trust/root.pem"))).hasSize(2);
    for (int i = 0; i < DEVICES; i++) {
      assertThat(PemFile.certificates(folder.resolve("SN-" + i + "-state/trust.pem")))
          .as("the new root was learnt")
          .containsAll(PemFile.certificates(data.resolve("trust/root.pem")));
    }
    allPublish(2);
    assertThat(refused).hasValue(0);
  }

  private void loseACa() throws Exception {
    muster(
        "admin", "authorities", "roll-over", "device", "--emergency", "--reason", "keyCompromise");
    assertThat(state("device-2")).isEqualTo("compromised");
    await().atMost(PATIENCE).until(() -> allHaveOneOf("device-3"));
    allPublish(3);
    assertThat(muster("admin", "authorities", "list").stdout())
        .contains("compromised")
        .contains("device-3");
  }
}
