/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.inventory.Alarm;
import dev.muster.enrollment.inventory.EnrollmentDecided;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyCompromiseTest {
  @TempDir
  static Path folder;

  private static DeskBench bench;

  @BeforeAll
  static void start() {
    bench = new DeskBench(folder);
  }

  @AfterAll
  static void stop() {
    bench.close();
  }

  @Test
  void keyCompromise_takesWhatWasRenewedFromIt_otherReasonsLeaveIt() {
    X509Certificate stolen = bench.enrolled("KC-1");
    X509Certificate thiefs = DeskBench.issued(bench.renew(stolen));
    Revocations.Outcome.Published superseded =
        (Revocations.Outcome.Published) bench.revocations.revoke(
            Actor.SYSTEM, DeskBench.serial(stolen), RevocationReason.SUPERSEDED);
    assertThat(superseded.also()).isEmpty();
    assertThat(superseded.stillLive()).containsExactly(DeskBench.serial(thiefs));
    X509Certificate thiefsNext = DeskBench.issued(bench.renew(thiefs));

    Revocations.Outcome.Published compromised =
        (Revocations.Outcome.Published) bench.revocations.revoke(
            Actor.SYSTEM, DeskBench.serial(stolen), RevocationReason.KEY_COMPROMISE);
    assertThat(compromised.also())
        .containsExactlyInAnyOrder(DeskBench.serial(thiefs), DeskBench.serial(thiefsNext));
    assertThat(compromised.stillLive()).isEmpty();
    assertThat(bench.live("acme-kc-1")).isEmpty();
  }

  @Test
  void renewal_whoseSuccessorSomebodyUses_waits_andRaisesAnAlarm() {
    X509Certificate stolen = bench.enrolled("KC-2");
    X509Certificate thiefs = DeskBench.issued(bench.renew(stolen));
    bench.connected(thiefs);
    assertThat(bench.renew(stolen)).isInstanceOf(EnrollmentOutcome.Deferred.class);
    assertThat(alarms("acme-kc-2"))
        .containsExactly("a certificate whose successor is in use already");
    assertThat(bench.live("acme-kc-2"))
        .as("both go on until an operator has looked")
        .containsExactlyInAnyOrder(DeskBench.serial(stolen), DeskBench.serial(thiefs));

    DeskBench.issued(bench.renew(thiefs));
    assertThat(bench.renew(stolen)).isInstanceOf(EnrollmentOutcome.Refused.class);
    assertThat(bench.renew(stolen)).isInstanceOf(EnrollmentOutcome.Refused.class);
    assertThat(alarms("acme-kc-2"))
        .as("once, though it came twice")
        .containsExactlyInAnyOrder(
            "a certificate whose successor is in use already",
            "a certificate that was superseded by one with another key");
  }

  @Test
  void renewal_whoseSuccessorNobodyUsed_endsIt() {
    X509Certificate first = bench.enrolled("KC-3");
    X509Certificate lost = DeskBench.issued(bench.renew(first));
    X509Certificate again = DeskBench.issued(bench.renew(first));
    assertThat(bench.live("acme-kc-3"))
        .containsExactlyInAnyOrder(DeskBench.serial(first), DeskBench.serial(again));
    assertThat(bench.listed())
        .contains(DeskBench.serial(lost))
        .doesNotContain(DeskBench.serial(first), DeskBench.serial(again));
    assertThat(alarms("acme-kc-3")).isEmpty();
    List<AuditEntry> log = bench.registry.read(tables -> tables.audit().newest(1000, 1000));
    assertThat(log.stream()
            .map(AuditEntry::text)
            .filter(
                it -> it.contains("certificate.revoked") && it.contains(DeskBench.serial(lost))))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("superseded");
    assertThat(bench.renew(lost)).isInstanceOf(EnrollmentOutcome.Refused.class);
    assertThat(alarms("acme-kc-3"))
        .containsExactly("a certificate that was superseded by one with another key");
  }

  /** Not one for each renewal: the one it shows, and the one it gets. */
  @Test
  void device_thatRenewsAgainAndAgain_hasTwoLiveKeys() {
    X509Certificate newest = bench.enrolled("KC-4");
    for (int i = 0; i < 10; i++) {
      X509Certificate shown = newest;
      newest = DeskBench.issued(bench.renew(shown));
      assertThat(bench.live("acme-kc-4"))
          .containsExactlyInAnyOrder(DeskBench.serial(shown), DeskBench.serial(newest));
    }
    assertThat(alarms("acme-kc-4")).isEmpty();
  }

  @Test
  void certificateOnHold_endsWhenAnotherKeyIsApproved() {
    TestPki.Credential idevid =
        bench.factory.issue("SERIALNUMBER=KC-5").withoutUsages().build();
    X509Certificate held = DeskBench.issued(bench.enroll(idevid));
    bench.revocations.hold(Actor.SYSTEM, DeskBench.serial(held));
    byte[] csr = DeskBench.csr(TestPki.newKey());
    Caller caller = DeskBench.caller(idevid.chain());
    assertThat(bench.desk.enroll(caller, Label.NONE, csr))
        .isInstanceOf(EnrollmentOutcome.Deferred.class);
    approve(new DeviceId("acme-kc-5"));
    X509Certificate next = DeskBench.issued(bench.desk.enroll(caller, Label.NONE, csr));

    assertThat(bench.revocations.unhold(Actor.SYSTEM, DeskBench.serial(held)))
        .as("else two keys would be good")
        .isInstanceOf(Revocations.Outcome.Impossible.class);
    assertThat(bench.live("acme-kc-5")).containsExactly(DeskBench.serial(next));
  }

  @Test
  void unhold_releasesWhatWasHeldWithIt_andNothingThatWasHeldBefore() {
    X509Certificate first = bench.enrolled("KC-6");
    X509Certificate next = DeskBench.issued(bench.renew(first));
    bench.revocations.hold(Actor.SYSTEM, DeskBench.serial(next));
    assertThat(bench.live("acme-kc-6")).isEmpty();
    bench.revocations.unhold(Actor.SYSTEM, DeskBench.serial(next));
    assertThat(bench.live("acme-kc-6"))
        .containsExactlyInAnyOrder(DeskBench.serial(first), DeskBench.serial(next));

    bench.revocations.hold(Actor.SYSTEM, DeskBench.serial(first));
    bench.clock.advance(Duration.ofSeconds(1));
    bench.revocations.hold(Actor.SYSTEM, DeskBench.serial(next));
    bench.revocations.unhold(Actor.SYSTEM, DeskBench.serial(next));
    assertThat(bench.live("acme-kc-6")).containsExactly(DeskBench.serial(next));
  }

  private static void approve(DeviceId device) {
    bench.registry.commit(tables -> {
      PendingEnrollment waiting = tables.pending().of(device).get(0);
      tables
          .pending()
          .decide(new EnrollmentDecided(
              0,
              device,
              waiting.key(),
              PendingEnrollment.State.APPROVED,
              waiting.reason(),
              null,
              "test",
              bench.clock.instant()));
      return waiting;
    });
  }

  private static List<String> alarms(String device) {
    return bench.registry.read(tables -> tables.alarms().newest(Within.ALL, true, 100)).stream()
        .filter(alarm -> alarm.kind().equals("clone") && alarm.device().value().equals(device))
        .map(Alarm::detail)
        .toList();
  }

  /** Else its CA would be dropped, and nobody would be told any more that it is revoked. */
  @Test
  void certificateThatWasRevoked_keepsItsCaUntilItsEnd() {
    X509Certificate only = bench.enrolled("SN-0001");
    bench.revocations.revoke(Actor.SYSTEM, DeskBench.serial(only), RevocationReason.KEY_COMPROMISE);
    Optional<Instant> end = bench.registry.read(tables -> tables.certificates().lastEnd("device"));
    assertThat(end).contains(only.getNotAfter().toInstant());
  }
}
