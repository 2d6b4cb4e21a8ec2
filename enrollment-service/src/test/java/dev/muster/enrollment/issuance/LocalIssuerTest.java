/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.issuance.lint.CertificateKind;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.math.BigInteger;
import java.net.URI;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Test;

/** What a CA signs, and what its key is never shown. */
class LocalIssuerTest {
  private static final KeyPair CA_KEY = TestPki.newKey();
  private static final TestPki.Credential CA = TestPki.selfSigned("CN=Device CA")
      .key(CA_KEY)
      .validity(Instant.now().minusSeconds(600), Instant.now().plus(Duration.ofDays(40)))
      .ca()
      .build();
  private static final PublicKey DEVICE_KEY = TestPki.newKey().getPublic();
  private static final StatusUrls STATUS = status("http://localhost");
  private static final Duration MONTH = Duration.ofDays(30);

  private final CountingKey key = new CountingKey();
  private final LocalIssuer issuer =
      new LocalIssuer("device", CA.certificate(), key, new SecureRandom());

  /** Signs, and counts how often. */
  private static final class CountingKey implements SigningKey {
    private final SigningKey real = new JcaSigningKey(
        "test", CA_KEY.getPrivate(), CA_KEY.getPublic(), Security.getProvider("SunEC"));
    private int signatures;
    private boolean broken;

    @Override
    public String name() {
      return "test";
    }

    @Override
    public PublicKey publicKey() {
      return real.publicKey();
    }

    @Override
    public SignatureScheme scheme() {
      return real.scheme();
    }

    @Override
    public byte[] sign(byte[] toBeSigned) {
      signatures++;
      return real.sign(broken ? new byte[1] : toBeSigned);
    }
  }

  private static CertificateProfile device(String name) {
    DeviceSubject subject = new DeviceSubject(new FleetName("plant-1"), new DeviceId(name));
    return CertificateProfile.device(subject, MONTH, STATUS);
  }

  private static CertificateProfile crafted(String subject, String uri, KeyPurposeId purpose) {
    return new CertificateProfile(
        CertificateKind.DEVICE,
        new X500Name(subject),
        List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)),
        purpose,
        MONTH,
        null);
  }

  private void isRefused(CertificateProfile profile, String rule) {
    assertThatThrownBy(() -> issuer.issue(profile, DEVICE_KEY, Instant.now()))
        .isInstanceOf(IssuanceException.class)
        .hasMessageStartingWith("lint: " + rule);
    assertThat(key.signatures).isZero();
  }

  private static StatusUrls status(String base) {
    return new StatusUrls(
        URI.create(base + "/crl/device.crl"),
        URI.create("http://localhost/ocsp/device"),
        URI.create("http://localhost/ca/device.cer"));
  }

  @Test
  void cert_withAFinding_isNeverSigned() {
    String urn = "urn:muster:plant-1:acme-1";
    isRefused(
        crafted("CN=ACME-1,O=plant-1,OU=device", urn, KeyPurposeId.id_kp_clientAuth),
        "subject-names");
    isRefused(
        crafted("CN=acme-2,O=plant-1,OU=device", urn, KeyPurposeId.id_kp_clientAuth),
        "subject-alternative-name");
    isRefused(
        crafted("CN=acme-1,O=plant-1,OU=device", urn, KeyPurposeId.id_kp_serverAuth),
        "extended-key-usage");
    isRefused(
        CertificateProfile.device(
            new DeviceSubject(new FleetName("plant-1"), new DeviceId("acme-1")),
            MONTH,
            status("https://localhost")),
        "crl-distribution-points");
  }

  @Test
  void crl_withAFinding_isNeverSigned() {
    Instant now = Instant.now();
    CrlContents.Entry entry =
        new CrlContents.Entry(BigInteger.TEN, now, RevocationReason.SUPERSEDED);
    CrlContents twice =
        new CrlContents(BigInteger.ONE, now, now.plus(MONTH), List.of(entry, entry));
    assertThatThrownBy(() -> issuer.sign(twice))
        .isInstanceOf(IssuanceException.class)
        .hasMessageStartingWith("lint: entries-once");
    assertThat(key.signatures).isZero();
  }

  @Test
  void cert_isSignedByTheCaAlone_onceAndOnlyTheJudgedBytes() throws Exception {
    IssuedCertificate issued = issuer.issue(device("acme-1"), DEVICE_KEY, Instant.now());
    issued.certificate().verify(CA_KEY.getPublic());
    assertThat(IssuedCertificate.of(issued.certificate()))
        .usingRecursiveComparison()
        .ignoringFields("read")
        .isEqualTo(issued);
    assertThat(key.signatures).isEqualTo(1);
  }

  @Test
  void cert_whoseSignatureIsWrong_neverLeaves() {
    key.broken = true;
    assertThatThrownBy(() -> issuer.issue(device("acme-1"), DEVICE_KEY, Instant.now()))
        .isInstanceOf(IssuanceException.class)
        .hasMessageContaining("does not verify");
  }

  @Test
  void cert_serialsOf1000_areUniquePositiveAndOf20Octets() {
    Set<BigInteger> serials = new HashSet<>();
    int[] ones = new int[128];
    for (int i = 0; i < 1000; i++) {
      BigInteger serial = issuer
          .issue(device("acme-1"), DEVICE_KEY, Instant.now())
          .certificate()
          .getSerialNumber();
      assertThat(serial.signum()).isPositive();
      // The first bit of the first octet is the sign.
      assertThat(serial.toByteArray()).hasSize(20);
      assertThat(serial.bitLength()).isEqualTo(159);
      for (int bit = 0; bit < ones.length; bit++) {
        ones[bit] += serial.testBit(bit) ? 1 : 0;
      }
      serials.add(serial);
    }
    assertThat(serials).hasSize(1000);
    // Every one of the 128 bits is tossed: 7 sigma around 500.
    for (int count : ones) {
      assertThat(count).isBetween(390, 610);
    }
  }
}
