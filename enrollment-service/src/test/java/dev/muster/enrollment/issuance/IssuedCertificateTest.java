/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.RenewalWindow;
import dev.muster.testing.TestPki;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class IssuedCertificateTest {
  private static final Instant CA_BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant CA_END = Instant.parse("2028-01-01T00:00:00Z");
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00.123Z");

  private final TestPki.Credential ca =
      TestPki.selfSigned("CN=Device CA").ca().validity(CA_BEGIN, CA_END).build();
  private final LocalIssuer issuer =
      new LocalIssuer("device", ca.certificate(), key(ca), new SecureRandom());

  private static SigningKey key(TestPki.Credential credential) {
    return new JcaSigningKey(
        "test",
        credential.key(),
        credential.certificate().getPublicKey(),
        Security.getProvider("SunEC"));
  }

  private X509Certificate issue(Instant now, Duration validity) {
    DeviceSubject subject = new DeviceSubject(new FleetName("f1"), new DeviceId("sn-1"));
    KeyPair keys = TestPki.newKey();
    return issuer
        .issue(CertificateProfile.device(subject, validity, null), keys.getPublic(), now)
        .certificate();
  }

  @Test
  void cert_begin_isBackdatedForClocksThatAreBehind() {
    assertThat(issue(NOW, Duration.ofDays(30)).getNotBefore().toInstant())
        .isEqualTo(Instant.parse("2026-11-21T11:55:00Z"));
  }

  @Test
  void cert_begin_ofAShortLife_isBackdatedByATenthOfIt() {
    assertThat(issue(NOW, Duration.ofMinutes(2)).getNotBefore().toInstant())
        .isEqualTo(Instant.parse("2026-11-21T11:59:48Z"));
  }

  @Test
  void cert_ofAShortLife_isNotDueForRenewalWhenIssued() {
    Duration validity = Duration.ofMinutes(1);
    X509Certificate issued = issue(NOW, validity);
    RenewalWindow window = new RenewalWindow(
        issued.getNotBefore().toInstant(), issued.getNotAfter().toInstant());
    assertThat(window.opens()).isAfter(NOW.plus(validity.dividedBy(2)));
  }

  @Test
  void cert_begin_isNeverBeforeTheIssuers() {
    assertThat(
            issue(CA_BEGIN.plusSeconds(10), Duration.ofDays(30)).getNotBefore().toInstant())
        .isEqualTo(CA_BEGIN);
  }

  @Test
  void cert_end_isTheValidityAfterNow() {
    assertThat(issue(NOW, Duration.ofDays(30)).getNotAfter().toInstant())
        .isEqualTo(Instant.parse("2026-12-21T12:00:00Z"));
  }

  @Test
  void cert_end_isNeverAfterTheIssuers() {
    assertThat(issue(CA_END.minusSeconds(60), Duration.ofDays(30)).getNotAfter().toInstant())
        .isEqualTo(CA_END);
  }

  @Test
  void cert_issuerEnded_isNotIssued() {
    assertThatThrownBy(() -> issue(CA_END, Duration.ofDays(30)))
        .isInstanceOf(IssuanceException.class)
        .hasMessageContaining("ended at 2028-01-01");
  }

  @Test
  void issuer_withTheKeyOfAnother_isRefused() {
    assertThatThrownBy(() -> new LocalIssuer(
            "device", ca.certificate(), key(TestPki.root("CN=Other")), new SecureRandom()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not that of the certificate");
  }

  @Test
  void issue_keyOutOfReach_isAnIssuanceException() {
    SigningKey lost = new SigningKey() {
      @Override
      public String name() {
        return "lost";
      }

      @Override
      public PublicKey publicKey() {
        return ca.certificate().getPublicKey();
      }

      @Override
      public SignatureScheme scheme() {
        return SignatureScheme.ECDSA_P256;
      }

      @Override
      public byte[] sign(byte[] toBeSigned) {
        throw new IssuanceException("key lost: cannot sign");
      }
    };
    LocalIssuer without = new LocalIssuer("device", ca.certificate(), lost, new SecureRandom());
    CrlContents contents = new CrlContents(BigInteger.ONE, NOW, NOW.plusSeconds(60), List.of());
    assertThatThrownBy(() -> without.sign(contents)).isInstanceOf(IssuanceException.class);
  }
}
