/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.EnrollmentDecided;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Within;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondIdevidTest {
  @TempDir
  Path folder;

  private DeskBench bench;

  @BeforeEach
  void open() {
    bench = new DeskBench(folder);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private EnrollmentOutcome enroll(TestPki.Credential idevid, byte[] csr) {
    return bench.desk.enroll(DeskBench.caller(idevid.chain()), Label.NONE, csr);
  }

  /** @return why it waited */
  private String approve(DeviceId device) {
    return bench.registry.commit(tables -> {
      PendingEnrollment waits = tables.pending().of(device).get(0);
      tables
          .pending()
          .decide(new EnrollmentDecided(
              0,
              device,
              waits.key(),
              PendingEnrollment.State.APPROVED,
              waits.reason(),
              null,
              "operator",
              Instant.EPOCH));
      return waits.reason();
    });
  }

  private List<String> alarms() {
    return bench.registry.read(tables -> tables.alarms().newest(Within.ALL, true, 10)).stream()
        .map(alarm -> alarm.kind() + " " + alarm.device() + ": " + alarm.detail())
        .toList();
  }

  @Test
  void sameSerialOtherKey_waitsWithAnAlarm_andTakesOverWhenApproved() {
    DeviceId device = new DeviceId("acme-twin");
    X509Certificate first = bench.enrolled("TWIN");
    // Without a live certificate, nothing but the IDevID's key tells the two apart.
    bench.revocations.revoke(Actor.SYSTEM, DeskBench.serial(first), RevocationReason.SUPERSEDED);
    TestPki.Credential twin = bench.factory.issue("SERIALNUMBER=TWIN").build();
    byte[] csr = DeskBench.csr(TestPki.newKey());
    assertThat(enroll(twin, csr)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    assertThat(bench.meters.counter("muster.clone.alarms").count()).isEqualTo(1);
    assertThat(approve(device)).contains("second IDevID");
    DeskBench.issued(enroll(twin, csr));
    DeviceRecord record =
        bench.registry.read(tables -> tables.devices().find(device).orElseThrow());
    assertThat(record.factoryKey()).isEqualTo(Fingerprint.of(twin.certificate().getPublicKey()));
  }

  /** While nobody was in, they were two keys that wait; when one is, the other is a second one. */
  @Test
  void secondKey_thatWaitedBeforeTheFirstWasLetIn_raisesTheAlarmThen() {
    bench.save(
        new Manufacturer("acme", Admission.MANUAL, null, List.of(bench.factory.certificate())));
    TestPki.Credential idevid = bench.factory.issue("SERIALNUMBER=PAIR").build();
    byte[] own = DeskBench.csr(TestPki.newKey());
    byte[] copied = DeskBench.csr(TestPki.newKey());
    assertThat(enroll(idevid, own)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    assertThat(approve(new DeviceId("acme-pair"))).contains("need an approval");
    assertThat(enroll(idevid, copied)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    DeskBench.issued(enroll(idevid, own));
    assertThat(alarms()).isEmpty();
    for (int i = 0; i < 2; i++) {
      assertThat(enroll(idevid, copied)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    }
    String reason = "a second key for a device that has a certificate";
    assertThat(alarms()).containsExactly("clone acme-pair: " + reason);
    assertThat(bench.meters.counter("muster.clone.alarms").count()).isEqualTo(1);
    List<PendingEnrollment> waiting =
        bench.registry.read(tables -> tables.pending().of(new DeviceId("acme-pair")));
    assertThat(waiting).extracting(PendingEnrollment::reason).containsExactly(reason);
  }

  @Test
  void sameKeyOtherSerial_waitsWithAnAlarmForBoth_andTheFirstIsUntouched() {
    KeyPair keys = TestPki.newKey();
    TestPki.Credential one = bench.factory.issue("SERIALNUMBER=1").key(keys).build();
    TestPki.Credential two = bench.factory.issue("SERIALNUMBER=2").key(keys).build();
    X509Certificate ldevid = DeskBench.issued(bench.enroll(one));
    byte[] csr = DeskBench.csr(TestPki.newKey());
    assertThat(enroll(two, csr)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    assertThat(enroll(two, csr)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    String key = "(SHA-256 " + Fingerprint.of(keys.getPublic()) + ")";
    assertThat(alarms())
        .containsExactlyInAnyOrder(
            "clone acme-1: another serial number came with the key of its IDevID " + key,
            "clone acme-2: an IDevID with the key of another device's " + key);
    assertThat(bench.live("acme-1")).containsExactly(DeskBench.serial(ldevid));
    DeskBench.issued(bench.renew(ldevid));

    assertThat(approve(new DeviceId("acme-2"))).contains(key);
    DeskBench.issued(enroll(two, csr));
    assertThat(bench.live("acme-1")).hasSize(2);
  }

  @Test
  void sameKeyOtherSerial_ofAnotherManufacturer_waitsAsWell() {
    KeyPair keys = TestPki.newKey();
    TestPki.Credential other = TestPki.root("CN=Other");
    bench.addManufacturer("other", other.certificate());
    DeskBench.issued(
        bench.enroll(bench.factory.issue("SERIALNUMBER=1").key(keys).build()));
    assertThat(bench.enroll(other.issue("SERIALNUMBER=1").key(keys).build()))
        .isInstanceOf(EnrollmentOutcome.Deferred.class);
  }
}
