/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.EnrollmentDecided;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.Label;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondIdevidTest {
  @Test
  void sameSerialOtherKey_waitsWithAnAlarm_andTakesOverWhenApproved(@TempDir Path folder) {
    try (DeskBench bench = new DeskBench(folder)) {
      DeviceId device = new DeviceId("acme-twin");
      X509Certificate first = bench.enrolled("TWIN");
      // Without a live certificate, nothing but the IDevID's key tells the two apart.
      bench.revocations.revoke(Actor.SYSTEM, DeskBench.serial(first), RevocationReason.SUPERSEDED);
      TestPki.Credential twin = bench.factory.issue("SERIALNUMBER=TWIN").build();
      KeyPair keys = TestPki.newKey();
      byte[] csr = DeskBench.csr(keys);
      assertThat(bench.desk.enroll(DeskBench.caller(twin.chain()), Label.NONE, csr))
          .isInstanceOf(EnrollmentOutcome.Deferred.class);
      assertThat(bench.meters.counter("muster.clone.alarms").count()).isEqualTo(1);
      Fingerprint key = Fingerprint.of(keys.getPublic());
      List<PendingEnrollment> pending =
          bench.registry.read(tables -> tables.pending().of(device));
      assertThat(pending.get(0).reason()).contains("second IDevID");

      bench.registry.commit(tables -> {
        tables
            .pending()
            .decide(new EnrollmentDecided(
                0,
                device,
                key,
                PendingEnrollment.State.APPROVED,
                pending.get(0).reason(),
                null,
                "operator",
                Instant.EPOCH));
        return key;
      });
      DeskBench.issued(bench.desk.enroll(DeskBench.caller(twin.chain()), Label.NONE, csr));
      DeviceRecord record =
          bench.registry.read(tables -> tables.devices().find(device).orElseThrow());
      assertThat(record.factoryKey())
          .isEqualTo(Fingerprint.of(twin.certificate().getPublicKey()));
    }
  }
}
