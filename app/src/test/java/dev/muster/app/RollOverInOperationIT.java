/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.doctor.Doctor;
import dev.muster.app.doctor.Finding;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The CAs are followed by others while devices publish, two of them because their keys are lost,
 * and nobody does anything but say so.
 */
class RollOverInOperationIT {
  private static final int DEVICES = 3;

  /** The shortest that there is. A device renews between two thirds and five sixths of it. */
  private static final String VALIDITY = "60s";

  private static final Duration ONE_LIFE = Duration.ofSeconds(100);

  /**
   * A device looks every 15 seconds whether its certificate is in doubt, and a broker every ten for
   * new CAs; who comes with a certificate of one before is sent away.
   */
  private static final Duration BACK_AGAIN = Duration.ofSeconds(100);

  @TempDir
  Path folder;

  private final PeerProgram openssl = PeerProgram.require("openssl");
  private OperatorClient operator;

  @Test
  void rollOverOfAllCas_plannedAndInAnEmergency_whileDevicesPublish_losesNothing_andNeedsNobody()
      throws Exception {
    PublishingFleet fleet;
    try (MusterProcess backend = serve()) {
      operator = OperatorClient.local(data());
      fleet = PublishingFleet.start(folder, DEVICES, Duration.ofMillis(100));
      try (fleet) {
        await().until(() -> haveCertificatesOf("device", fleet) && fleet.isOnline());
        keyOfDeviceCaIsLost(fleet);
        rollOver("device");
        keyOfServiceCaIsLost(fleet);
        await().atMost(ONE_LIFE).until(() -> haveCertificatesOf("device-3", fleet));
        rollOver("root", "--now");
        await().atMost(ONE_LIFE).until(() -> haveCertificatesOf("device-4", fleet));
        await().atMost(ONE_LIFE).until(() -> state("device-2").equals("ended"));
        int before = fleet.acknowledged();
        await().until(() -> fleet.acknowledged() > before + 10 * DEVICES);
      }
      fleet.assertStoredOnce(operator, "roll-over");
      assertLeadToTheNewRootAlone(fleet);
      assertNobodyWasNeeded();
      assertDoctorLooksAtThePresentCas();
      assertThat(backend.stderr()).doesNotContain("CRL refused").doesNotContain("\tat ");
    }
    keyOfTheRootIsLost(fleet);
  }

  /** By hand, as in docs/roll-over.md: nothing that the old root signs may be of any help. */
  private void keyOfTheRootIsLost(PublishingFleet fleet) {
    String next = folder.resolve("NEW").toString();
    muster("init", "--data", next);
    Endpoints ports = Endpoints.read(data());
    MusterProcess server = MusterProcess.start(
        folder,
        "serve",
        "--data",
        next,
        "--set",
        "ports.est=" + ports.est(),
        "--set",
        "ports.mqtt=" + ports.mqtt(),
        "--set",
        "ports.operator=0",
        "--set",
        "ports.http=0",
        "--set",
        "ports.metrics=0");
    try (server;
        FleetDevice given = fleet.device("SN-0", folder.resolve("NEW/trust/root.pem"));
        FleetDevice forgotten = fleet.device("SN-1", fleet.root())) {
      server.awaitReady();
      String maker = folder.resolve("acme/ca.pem").toString();
      muster(
          "admin",
          "manufacturers",
          "add",
          "acme",
          "--ca",
          maker,
          "--admission",
          "auto",
          "--data",
          next);
      given.start();
      forgotten.start();
      await().atMost(BACK_AGAIN).until(() -> given.state() == DeviceState.ONLINE);
      await().atMost(BACK_AGAIN).until(() -> forgotten.reason().contains("not trusted"));
      OperatorClient nextOperator = OperatorClient.local(folder.resolve("NEW"));
      assertThat(nextOperator.get("certificates/" + serial(folder.resolve("SN-0-state"))))
          .as("enrolled anew, with what the factory gave it")
          .isNotEmpty();
      assertThat(nextOperator.get("devices").path("devices")).hasSize(1);
    }
  }

  /** In this JVM: a new one for each takes seconds. */
  private static void muster(String... line) {
    assertThat(Muster.commandLine().execute(line)).as(Arrays.toString(line)).isZero();
  }

  /** All are cut off, and come back with the identities of their factory. */
  private void keyOfDeviceCaIsLost(PublishingFleet fleet) {
    List<String> lost = fleet.states().stream().map(this::serial).toList();
    long cutOff = fleet.cutOff();
    rollOver("device", "--emergency", "--reason", "keyCompromise");
    await()
        .atMost(BACK_AGAIN)
        .until(() -> haveCertificatesOf("device-2", fleet) && fleet.isOnline());
    assertThat(fleet.cutOff()).isGreaterThanOrEqualTo(cutOff + DEVICES);
    assertThat(state("device")).isEqualTo("compromised");
    assertThat(lost)
        .allMatch(serial -> certificate(serial).path("reason").asText().equals("cACompromise"));
  }

  /** Our own servers show another certificate, and no device that is connected takes notice. */
  private void keyOfServiceCaIsLost(PublishingFleet fleet) {
    String lost = serial(PemFile.certificates(data().resolve("services/server/chain.pem")));
    long cutOff = fleet.cutOff();
    rollOver("service", "--emergency", "--reason", "keyCompromise");
    Endpoints ports = Endpoints.read(data());
    await()
        .atMost(BACK_AGAIN)
        .until(() -> showsCertificateOf("service-2", ports.est())
            && showsCertificateOf("service-2", ports.mqtt()));
    assertThat(fleet.cutOff()).isEqualTo(cutOff);
    assertThat(certificate(lost).path("status").asText()).isEqualTo("revoked");
    await()
        .atMost(BACK_AGAIN)
        .until(() -> operator.get("health").path("status").asText().equals("well"));
  }

  private boolean showsCertificateOf(String authority, int port) {
    String subject = authority(authority).path("subject").asText();
    String commonName = subject.substring(subject.indexOf("CN=") + 3).split(",")[0];
    return openssl
        .run(folder, "s_client", "-connect", "localhost:" + port)
        .stdout()
        .lines()
        .anyMatch(line -> line.startsWith("issuer=") && line.contains(commonName));
  }

  private MusterProcess serve() {
    return MusterProcess.start(
            folder,
            "serve",
            "--ephemeral-ports",
            "--set",
            "enrollment.certificateValidity=" + VALIDITY,
            "--set",
            "enrollment.crlInterval=1s",
            "--set",
            "enrollment.caLeadTime=15s")
        .awaitReady();
  }

  private Path data() {
    return folder.resolve("muster-data");
  }

  private void rollOver(String kind, String... how) {
    List<String> line = new ArrayList<>(List.of("admin", "authorities", "roll-over", kind));
    line.addAll(List.of(how));
    line.addAll(List.of("--data", data().toString()));
    muster(line.toArray(String[]::new));
  }

  private JsonNode authority(String id) {
    return StreamSupport.stream(
            operator.get("authorities").path("authorities").spliterator(), false)
        .filter(one -> one.path("id").asText().equals(id))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no authority " + id));
  }

  private String state(String authority) {
    return authority(authority).path("state").asText();
  }

  private JsonNode certificate(String serial) {
    return operator.get("certificates/" + serial);
  }

  /**
   * Whether each device uses a certificate of that CA; one that was renewed has connected with it.
   */
  private boolean haveCertificatesOf(String authority, PublishingFleet fleet) {
    return fleet.states().stream().allMatch(state -> issuer(state).equals(authority));
  }

  private String issuer(Path state) {
    return Files.exists(state.resolve("identity/current"))
        ? certificate(serial(state)).path("issuer").asText()
        : "nobody";
  }

  private String serial(Path state) {
    return serial(PemFile.certificates(chain(state)));
  }

  private static String serial(List<X509Certificate> chain) {
    return chain.get(0).getSerialNumber().toString(16);
  }

  private static Path chain(Path state) {
    try {
      int generation =
          Integer.parseInt(Files.readString(state.resolve("identity/current")).strip());
      return state.resolve(String.format("identity/%04d/chain.pem", generation));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertDoctorLooksAtThePresentCas() {
    List<Finding> findings = new Doctor(data(), Clock.systemUTC(), false).examine();
    assertThat(findings)
        .extracting(Finding::check)
        .contains("CA: device-4", "CA: service-3", "CA: root-2", "CRL: device-4")
        .doesNotContain("CA: device", "CRL: device");
    assertThat(findings)
        .filteredOn(finding -> finding.check().startsWith("CRL: "))
        .allMatch(finding -> finding.verdict() == Finding.Verdict.GOOD);
  }

  /** Without the certificates that lead from one root to the other, and without the old one. */
  private void assertLeadToTheNewRootAlone(PublishingFleet fleet) throws IOException {
    List<X509Certificate> roots =
        new ArrayList<>(PemFile.certificates(data().resolve("trust/root.pem")));
    roots.removeAll(PemFile.certificates(fleet.root()));
    assertThat(roots).hasSize(1);
    Files.writeString(folder.resolve("new-root.pem"), Pem.of(roots));
    for (Path state : fleet.states()) {
      String chain = chain(state).toString();
      openssl
          .run(
              folder,
              "verify",
              "-x509_strict",
              "-CAfile",
              "new-root.pem",
              "-untrusted",
              chain,
              chain)
          .expectSuccess();
      assertThat(PemFile.certificates(state.resolve("trust.pem"))).containsAll(roots);
    }
  }

  private void assertNobodyWasNeeded() {
    for (int i = 0; i < DEVICES; i++) {
      JsonNode device = operator.get("devices/acme-sn-" + i);
      assertThat(device.path("status").asText()).isEqualTo("active");
      assertThat(device.path("pending")).isEmpty();
    }
    assertThat(operator.get("alarms?all=true").path("alarms")).isEmpty();
    assertThat(operator.get("sessions/alarms").path("alarms")).isEmpty();
  }
}
