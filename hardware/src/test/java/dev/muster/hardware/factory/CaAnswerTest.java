/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v1CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** What a station takes from the manufacturer's CA, and what it does not. */
final class CaAnswerTest {
  private static final Credential CA = TestPki.root("O=Acme,CN=CA");
  private static final KeyPair KEYS = TestPki.newKey();
  private static final String NAME = "O=Acme,SERIALNUMBER=SN-1";
  private static final CertificationOrder ORDER =
      CertificationOrder.idevid(IdevidOrder.of("SN-1"), KEYS, CA.certificate());

  private final Instant now = Instant.now();

  private static Credential issued(
      Credential issuer, String name, UnaryOperator<TestPki.Builder> change) {
    return change.apply(issuer.issue(name).key(KEYS)).build();
  }

  private static Credential issued(UnaryOperator<TestPki.Builder> change) {
    return issued(CA, NAME, change);
  }

  private List<X509Certificate> check(X509Certificate... answer) {
    return new CaAnswer(ORDER, CA.certificate(), now).check(List.of(answer));
  }

  private void assertRefused(String reason, X509Certificate... answer) {
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> check(answer))
        .withMessageStartingWith("the CA's certificate for IDevID of SN-1: ")
        .withMessageContaining(reason)
        .withMessageContaining("(expected: ");
  }

  @Test
  void check_whatWasAskedFor_isTaken_withTheCaBehindItOrWithout() {
    X509Certificate idevid = issued(it -> it).certificate();

    assertThat(check(idevid)).containsExactly(idevid);
    assertThat(check(idevid, CA.certificate())).containsExactly(idevid);
  }

  @Test
  void check_chainInDisorder_isPutInOrder() {
    Credential upper = CA.issue("O=Acme,CN=Plant").ca().build();
    Credential lower = upper.issue("O=Acme,CN=Line 1").ca().build();
    X509Certificate idevid = issued(lower, NAME, it -> it).certificate();

    assertThat(check(idevid, CA.certificate(), upper.certificate(), lower.certificate()))
        .containsExactly(idevid, lower.certificate(), upper.certificate());
    assertRefused("its chain does not lead to", idevid, lower.certificate());
  }

  @Test
  void check_otherKey_isRefused_withItsFingerprint() {
    KeyPair other = TestPki.newKey();
    assertRefused(
        "of another key, " + Label.fingerprint(other.getPublic()),
        issued(it -> it.key(other)).certificate());
    assertRefused("of another key", CA.certificate(), issued(it -> it).certificate());
  }

  @Test
  void check_otherName_isRefused() {
    for (String name : List.of(
        "O=Acme,SERIALNUMBER=SN-2",
        "O=Acme,SERIALNUMBER=sn-1",
        "O=Acme,CN=SN-1",
        "SERIALNUMBER=SN-1",
        "O=Globex,SERIALNUMBER=SN-1",
        "O=Acme,SERIALNUMBER=SN-1,SERIALNUMBER=SN-2",
        NAME + ",OU=operators")) {
      assertRefused("named \"", issued(CA, name, it -> it).certificate());
    }
    assertThat(check(issued(CA, "SERIALNUMBER=SN-1,O=Acme", it -> it).certificate()))
        .as("in the order of a CA's policy")
        .hasSize(1);
  }

  @Test
  void check_chainOfAnotherCa_isRefused() {
    Credential other = TestPki.root("O=Globex,CN=CA");
    assertRefused(
        "was issued by \"O=Globex,CN=CA\"",
        issued(other, NAME, it -> it).certificate(),
        other.certificate());
    Credential namesake = TestPki.root("O=Acme,CN=CA");
    assertRefused(
        "issued by a CA of that name with another key",
        issued(namesake, NAME, it -> it).certificate(),
        namesake.certificate());
  }

  @Test
  void check_timeThatIsNot_isRefused() {
    assertRefused(
        "not valid before ",
        issued(it -> it.validity(now.plus(Duration.ofHours(1)), now.plus(Duration.ofDays(9))))
            .certificate());
    assertRefused(
        "expired at ",
        issued(it -> it.validity(now.minus(Duration.ofDays(9)), now.minus(Duration.ofHours(1))))
            .certificate());
    assertThat(check(issued(it -> it.validity(now.plusSeconds(60), FactoryCertificates.NO_EXPIRY))
            .certificate()))
        .as("the CA's clock is a little ahead")
        .hasSize(1);
  }

  @Test
  void check_caBetweenThatMayNotIssue_isRefused() {
    Credential expired = CA.issue("O=Acme,CN=Plant")
        .ca()
        .validity(now.minus(Duration.ofDays(9)), now.minus(Duration.ofDays(1)))
        .build();
    assertRefused(
        "its chain does not hold",
        issued(expired, NAME, it -> it).certificate(),
        expired.certificate());
    Credential device = CA.issue("O=Acme,SERIALNUMBER=SN-0").build();
    assertRefused(
        "its chain does not hold",
        issued(device, NAME, it -> it).certificate(),
        device.certificate());
  }

  @Test
  void check_chainLongerThanTheCaAllows_isRefused() {
    Credential flat = TestPki.selfSigned("O=Acme,CN=CA").ca(0).build();
    Credential plant = flat.issue("O=Acme,CN=Plant").ca().build();
    X509Certificate idevid = issued(plant, NAME, it -> it).certificate();
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> new CaAnswer(ORDER, flat.certificate(), now)
            .check(List.of(idevid, plant.certificate())))
        .withMessageContaining("longer than the manufacturer's CA allows (expected: 0 CAs");
  }

  @Test
  void check_noIdevidBy8021Ar_isRefused() {
    assertRefused("it is a CA", issued(TestPki.Builder::ca).certificate());
    assertRefused("no key usage", issued(TestPki.Builder::withoutUsages).certificate());
    assertRefused("extended key usage", issued(TestPki.Builder::server).certificate());
    assertRefused(
        "a critical extension that few know, among [",
        issued(it -> it.extension(new ASN1ObjectIdentifier("1.2.3.4"), DERNull.INSTANCE))
            .certificate());
  }

  @Test
  void check_certificateWithoutExtensions_isRefused() throws Exception {
    X509CertificateHolder first = new JcaX509v1CertificateBuilder(
            CA.certificate().getSubjectX500Principal(),
            BigInteger.ONE,
            Date.from(now.minusSeconds(60)),
            Date.from(now.plus(Duration.ofDays(9))),
            new X500Principal(ORDER.subject().getEncoded()),
            KEYS.getPublic())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(CA.key()));
    assertRefused(
        "version 1 (expected: 3", new JcaX509CertificateConverter().getCertificate(first));
  }

  /** The CA at the station keeps to the same rules. */
  @Test
  void rules_ofWhatTheCaAtTheStationIssues_areKept() {
    Credential authority = TestPki.root("O=Acme,CN=CA");
    X509Certificate idevid = FactoryCertificates.idevid(
        KEYS.getPublic(), "SN-1", authority.certificate(), authority.key(), Clock.systemUTC());

    assertThat(IdevidRules.violation(idevid, authority.certificate())).isEmpty();
    assertThat(IdevidRules.ends(idevid)).isFalse();
    assertThat(IdevidRules.ends(issued(it -> it).certificate())).isTrue();
    assertThat(IdevidRules.violation(idevid, CA.certificate()))
        .get()
        .asString()
        .contains("authority key identifier of another CA");
  }

  @Test
  void check_signerOfAManifest_needsItsPurpose_andIsNoDevice() {
    CertificationOrder order = CertificationOrder.manifest(KEYS, CA.certificate());
    CaAnswer answer = new CaAnswer(order, CA.certificate(), now);
    X509Certificate client = issued(CA, "O=Acme,CN=Manifest station", it -> it).certificate();
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> answer.check(List.of(client)))
        .withMessageContaining("expected: extended key usage emailProtection")
        .withMessageContaining("FACTORY_REQUEST is manifest");
    X509Certificate station = issued(
            CA, "O=Acme,CN=Manifest station", it -> it.purpose(KeyPurposeId.id_kp_emailProtection))
        .certificate();
    assertThat(answer.check(List.of(station))).containsExactly(station);
  }

  @Test
  void check_proofOfACaBelow_isRefused() {
    Credential plant = CA.issue("O=Acme,CN=Plant").ca().build();
    CaAnswer answer =
        new CaAnswer(CertificationOrder.proof("proof-1", KEYS), CA.certificate(), now);
    List<X509Certificate> ofThePlant =
        List.of(issued(plant, "CN=proof-1", it -> it).certificate(), plant.certificate());
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> answer.check(ofThePlant))
        .withMessageContaining("issued by a CA below the registered one");
    assertThat(answer.check(List.of(issued(CA, "CN=proof-1", it -> it).certificate())))
        .hasSize(1);
  }
}
