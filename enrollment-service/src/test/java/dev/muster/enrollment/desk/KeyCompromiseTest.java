/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.revocation.Revocations;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyCompromiseTest {
  @Test
  void keyCompromise_takesWhatWasRenewedFromIt_otherReasonsLeaveIt(@TempDir Path folder) {
    try (DeskBench bench = new DeskBench(folder)) {
      X509Certificate stolen = bench.enrolled("KC");
      X509Certificate thiefs = DeskBench.issued(bench.renew(stolen));
      X509Certificate thiefsNext = DeskBench.issued(bench.renew(thiefs));
      X509Certificate own = DeskBench.issued(bench.renew(stolen));
      Revocations.Outcome.Published superseded =
          (Revocations.Outcome.Published) bench.revocations.revoke(
              Actor.SYSTEM, DeskBench.serial(stolen), RevocationReason.SUPERSEDED);
      assertThat(superseded.also()).isEmpty();
      assertThat(superseded.stillLive()).hasSize(3);

      Revocations.Outcome.Published compromised =
          (Revocations.Outcome.Published) bench.revocations.revoke(
              Actor.SYSTEM, DeskBench.serial(stolen), RevocationReason.KEY_COMPROMISE);
      assertThat(compromised.also())
          .containsExactlyInAnyOrder(
              DeskBench.serial(thiefs), DeskBench.serial(thiefsNext), DeskBench.serial(own));
      assertThat(compromised.stillLive()).isEmpty();
      assertThat(bench.live("acme-kc")).isEmpty();
    }
  }

  /** Else its CA would be dropped, and nobody would be told any more that it is revoked. */
  @Test
  void certificateThatWasRevoked_keepsItsCaUntilItsEnd(@TempDir Path folder) {
    try (DeskBench bench = new DeskBench(folder)) {
      X509Certificate only = bench.enrolled("SN-0001");
      bench.revocations.revoke(
          Actor.SYSTEM, DeskBench.serial(only), RevocationReason.KEY_COMPROMISE);
      Optional<Instant> end =
          bench.registry.read(tables -> tables.certificates().lastEnd("device"));
      assertThat(end).contains(only.getNotAfter().toInstant());
    }
  }
}
