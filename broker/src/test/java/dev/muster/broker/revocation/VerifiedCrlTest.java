/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists that are signed by the CA, and are not to be trusted all the same (RFC 5280, 5). */
class VerifiedCrlTest {
  private static final Credential CA = TestPki.root("CN=CA");
  private static final CRLNumber SEVEN = new CRLNumber(BigInteger.valueOf(7));

  private final X509v2CRLBuilder crl = begun(Instant.now());

  private static X509v2CRLBuilder begun(Instant thisUpdate) {
    return new JcaX509v2CRLBuilder(
        CA.certificate().getSubjectX500Principal(), Date.from(thisUpdate));
  }

  private VerifiedCrlTest nextUpdate() {
    crl.setNextUpdate(Date.from(Instant.now().plusSeconds(600)));
    return this;
  }

  private VerifiedCrlTest with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value)
      throws Exception {
    crl.addExtension(oid, critical, value);
    return this;
  }

  private static byte[] signed(X509v2CRLBuilder crl) throws Exception {
    return crl.build(new JcaContentSignerBuilder("SHA256withECDSA").build(CA.key()))
        .getEncoded();
  }

  private void refused(String why) throws Exception {
    byte[] der = signed(crl);
    assertThatThrownBy(() -> VerifiedCrl.of(der, CA.certificate()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void complete_isTaken() throws Exception {
    nextUpdate().with(Extension.cRLNumber, false, SEVEN);
    assertThat(VerifiedCrl.of(signed(crl), CA.certificate()).number()).isEqualTo(7);
  }

  /** RFC 4055, 3.1: its algorithm has parameters. */
  @Test
  void signedWithRsaPss_isTaken() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair keys = generator.generateKeyPair();
    nextUpdate().with(Extension.cRLNumber, false, SEVEN);
    byte[] der = crl.build(new JcaContentSignerBuilder("SHA256withRSAandMGF1")
            .setProvider(new BouncyCastleProvider())
            .build(keys.getPrivate()))
        .getEncoded();
    assertThat(CrlSignature.isBy(der, keys.getPublic())).isTrue();
    assertThat(CrlSignature.isBy(der, CA.certificate().getPublicKey())).isFalse();
    der[der.length / 2] ^= 1;
    assertThat(CrlSignature.isBy(der, keys.getPublic())).isFalse();
  }

  /** What somebody on the way has made up is not read: it may be a million entries. */
  @Test
  void ofNobody_isRefused_beforeItIsRead() {
    byte[] der = HexFormat.of()
        .parseHex("3017" + "3003020101" + "300a06082a8648ce3d040302" + "030400010203");
    assertThatThrownBy(() -> VerifiedCrl.of(der, CA.certificate()))
        .hasMessage("CRL: not signed by the issuing CA");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30", "3080", "3003020101", "30850000000001", "3084ffffffff00"})
  void noCertificateList_isRefused(String hex) {
    assertThatThrownBy(() -> VerifiedCrl.of(HexFormat.of().parseHex(hex), CA.certificate()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("CRL: not DER of a CRL");
  }

  @Test
  void withoutNextUpdate_isRefused() throws Exception {
    with(Extension.cRLNumber, false, SEVEN).refused("no nextUpdate");
  }

  @Test
  void withoutNumber_isRefused() throws Exception {
    nextUpdate().refused("no CRL number");
  }

  @Test
  void withANumberThatIsNone_orBelowZero_isRefused() throws Exception {
    nextUpdate().with(Extension.cRLNumber, false, new DERUTF8String("7"));
    refused("not DER of a CRL");
    new VerifiedCrlTest()
        .nextUpdate()
        .with(Extension.cRLNumber, false, new ASN1Integer(-7))
        .refused("no CRL number");
  }

  /** RFC 5280, 5.2.4: what is on a list of changes alone is not all. */
  @Test
  void delta_isRefused() throws Exception {
    nextUpdate()
        .with(Extension.cRLNumber, false, SEVEN)
        .with(Extension.deltaCRLIndicator, true, SEVEN)
        .refused("critical extensions [2.5.29.27]");
  }

  /** RFC 5280, 5.2.5. */
  @Test
  void partition_isRefused() throws Exception {
    nextUpdate()
        .with(Extension.cRLNumber, false, SEVEN)
        .with(
            Extension.issuingDistributionPoint,
            true,
            new IssuingDistributionPoint(null, true, false, null, false, false))
        .refused("critical extensions [2.5.29.28]");
  }

  @Test
  void ofTomorrow_isRefused() throws Exception {
    RevocationView view = new RevocationView(
        IssuingAuthorities.of(Map.of("device", CA.certificate())),
        Duration.ofHours(1),
        Clock.systemUTC());
    X509v2CRLBuilder tomorrow = begun(Instant.now().plus(Duration.ofDays(1)));
    tomorrow.setNextUpdate(Date.from(Instant.now().plus(Duration.ofDays(2))));
    tomorrow.addExtension(Extension.cRLNumber, false, SEVEN);
    assertThat(view.offer("device", signed(tomorrow)))
        .isInstanceOfSatisfying(
            RevocationView.Offer.Refused.class,
            refused -> assertThat(refused.reason()).contains("in the future"));
  }
}
