/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.doctor.Finding.Verdict;
import dev.muster.app.doctor.Patient.Authority;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What ends, what has ended, and a clock that was set back. */
class LifetimesTest {
  private static final Credential CA = TestPki.root("CN=device CA");
  private static final Instant NOW = Instant.now();

  private static Verdict crl(Duration after) throws GeneralSecurityException {
    byte[] der = TestPki.crl(CA, 1, Duration.ofHours(1), List.of());
    return CrlCheck.judge("crl", CrlCheck.parse(der), CA.certificate(), NOW.plus(after))
        .verdict();
  }

  @Test
  void crl_isGood_untilItIsStale_andBadBeforeItWasMade() throws GeneralSecurityException {
    assertThat(crl(Duration.ofMinutes(1))).isEqualTo(Verdict.GOOD);
    assertThat(crl(Duration.ofHours(2))).isEqualTo(Verdict.BAD);
    assertThat(crl(Duration.ofMinutes(-10))).as("of the future").isEqualTo(Verdict.BAD);
  }

  @Test
  void crlOfAnother_isBad() throws GeneralSecurityException {
    byte[] der = TestPki.crl(TestPki.root("CN=device CA"), 1, Duration.ofHours(1), List.of());
    assertThat(CrlCheck.judge("crl", CrlCheck.parse(der), CA.certificate(), NOW).seen())
        .contains("not signed");
  }

  @Test
  void authority_isJudgedByTheDaysItHasLeft() {
    Authority active = new Authority("device-2", "device", "active", CA.certificate());
    Instant end = CA.certificate().getNotAfter().toInstant();
    assertThat(Lifetimes.authority(active, end.minus(Duration.ofDays(31))).verdict())
        .isEqualTo(Verdict.GOOD);
    assertThat(Lifetimes.authority(active, end.minus(Duration.ofDays(29))).verdict())
        .isEqualTo(Verdict.DOUBTFUL);
    assertThat(Lifetimes.authority(active, end.plusSeconds(1)).verdict()).isEqualTo(Verdict.BAD);
  }

  @Test
  void serverCertificate_isJudgedByTheDaysItHasLeft() {
    Instant end = CA.certificate().getNotAfter().toInstant();
    assertThat(server(end.minus(Duration.ofDays(15))))
        .isEqualTo(Finding.good("est", "15 days left, until " + end));
    assertThat(server(end.minus(Duration.ofDays(13))).verdict()).isEqualTo(Verdict.DOUBTFUL);
    assertThat(server(end.plusSeconds(1)))
        .isEqualTo(
            Finding.bad("est", "ended at " + end, "it should have been renewed: see the log"));
  }

  private static Finding server(Instant now) {
    return Lifetimes.server("est", CA.certificate(), now);
  }

  @Test
  void clock_behindAnythingThatWasSigned_isBad() {
    SignedHere signed = new SignedHere();
    assertThat(signed.against(NOW).verdict()).isEqualTo(Verdict.UNKNOWN);
    signed.note("the CA", NOW.minusSeconds(60));
    assertThat(signed.against(NOW).verdict()).isEqualTo(Verdict.GOOD);
    signed.note("the CRL of device", NOW.plusSeconds(60));
    assertThat(signed.against(NOW).verdict()).isEqualTo(Verdict.BAD);
    assertThat(signed.against(NOW).seen()).contains("the CRL of device");
  }
}
