/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.doctor.Doctor;
import dev.muster.app.doctor.Finding;
import dev.muster.app.operator.OperatorClient;
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
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The CA of devices and the root are followed by others while devices publish, and nobody does
 * anything but say so.
 */
class RollOverInOperationIT {
  private static final int DEVICES = 3;

  /**
   * A device renews between two thirds and five sixths of this, and looks at the clock every 15
   * seconds: with less it would come too late.
   */
  private static final String VALIDITY = "90s";

  private static final Duration ONE_LIFE = Duration.ofSeconds(100);

  @TempDir
  Path folder;

  private final PeerProgram openssl = PeerProgram.require("openssl");
  private OperatorClient operator;

  @Test
  void rollOverOfDeviceCaAndRoot_whileDevicesPublish_losesNothing_andNeedsNobody()
      throws Exception {
    try (MusterProcess backend = serve()) {
      operator = OperatorClient.local(data());
      PublishingFleet fleet = PublishingFleet.start(folder, DEVICES, Duration.ofMillis(100));
      try (fleet) {
        await().until(() -> haveCertificatesOf("device", fleet));
        rollOver("device");
        await().atMost(ONE_LIFE).until(() -> haveCertificatesOf("device-2", fleet));
        rollOver("root");
        await().atMost(ONE_LIFE).until(() -> haveCertificatesOf("device-3", fleet));
        await().atMost(ONE_LIFE).until(() -> state("device").equals("ended"));
        int before = fleet.acknowledged();
        await().until(() -> fleet.acknowledged() > before + 10 * DEVICES);
      }
      fleet.assertStoredOnce(operator, "roll-over");
      assertLeadToTheNewRootAlone(fleet);
      assertNobodyWasNeeded();
      assertDoctorLooksAtThePresentCas();
      assertThat(backend.stderr()).doesNotContain("CRL refused").doesNotContain("\tat ");
    }
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
            "enrollment.caLeadTime=10s")
        .awaitReady();
  }

  private Path data() {
    return folder.resolve("muster-data");
  }

  private void rollOver(String kind) {
    MusterProcess.run(folder, "admin", "authorities", "roll-over", kind, "--now")
        .expect(0);
  }

  private String state(String authority) {
    return StreamSupport.stream(
            operator.get("authorities").path("authorities").spliterator(), false)
        .filter(one -> one.path("id").asText().equals(authority))
        .map(one -> one.path("state").asText())
        .findFirst()
        .orElse("absent");
  }

  /** Whether each device uses a certificate of that CA: it has connected with it. */
  private boolean haveCertificatesOf(String authority, PublishingFleet fleet) {
    return fleet.states().stream().allMatch(state -> issuer(state).equals(authority));
  }

  private String issuer(Path state) {
    if (!Files.exists(state.resolve("identity/current"))) {
      return "nobody";
    }
    X509Certificate leaf = PemFile.certificates(chain(state)).get(0);
    return operator
        .get("certificates/" + leaf.getSerialNumber().toString(16))
        .path("issuer")
        .asText();
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
        .contains("CA: device-3", "CA: root-2", "CRL: device-3")
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
