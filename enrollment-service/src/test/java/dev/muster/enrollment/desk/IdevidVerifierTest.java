/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.idevid.IdentityRule;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.CrlMode;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Paths from IDevIDs to manufacturers, and what stands against them. */
class IdevidVerifierTest {
  private static final Duration DAY = Duration.ofDays(1);

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

  private EnrollmentOutcome enroll(X509Certificate... chain) {
    return enroll(List.of(chain));
  }

  private EnrollmentOutcome enroll(List<X509Certificate> chain) {
    return bench.desk.enroll(DeskBench.caller(chain), Label.NONE, DeskBench.csr(TestPki.newKey()));
  }

  private static void refused(EnrollmentOutcome outcome, Kind kind, String words) {
    assertThat(outcome).isInstanceOf(EnrollmentOutcome.Refused.class);
    EnrollmentOutcome.Refused refused = (EnrollmentOutcome.Refused) outcome;
    assertThat(refused.detail()).contains(words);
    assertThat(refused.kind()).isEqualTo(kind);
  }

  private TestPki.Credential idevid(TestPki.Credential ca, String serial) {
    return ca.issue("SERIALNUMBER=" + serial).withoutUsages().build();
  }

  private static ManufacturerPolicy policy(
      boolean expired, Duration future, Duration grace, boolean claim, CrlMode mode) {
    return new ManufacturerPolicy(
        Admission.AUTO, null, IdentityRule.DEFAULT, expired, future, grace, claim, mode);
  }

  private static final ManufacturerPolicy STRICT = ManufacturerPolicy.of(Admission.AUTO, null);

  @Test
  void idevid_chainInAnyOrder_withStrangersInIt_isAccepted() {
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    TestPki.Credential cell = line.issue("CN=Cell").ca().build();
    TestPki.Credential idevid = idevid(cell, "1");
    List<X509Certificate> above = new ArrayList<>(List.of(
        cell.certificate(),
        TestPki.root("CN=Stranger").certificate(),
        line.certificate(),
        bench.factory.certificate()));
    Collections.rotate(above, 2);
    above.add(0, idevid.certificate());
    DeskBench.issued(enroll(above));
  }

  @Test
  void stranger_whoseNameIsEndless_isRefused_andStandsInTheAuditLogByItsBeginning() {
    String name = String.join(",", Collections.nCopies(320, "OU=" + "x".repeat(60)));
    X509Certificate endless = TestPki.root("CN=nobody").issue(name).build().certificate();
    refused(enroll(endless), Kind.UNAUTHENTICATED, "issued by nobody we know");
    List<AuditEntry> log = bench.registry.read(tables -> tables.audit().newest(Long.MAX_VALUE, 5));
    assertThat(log)
        .anySatisfy(entry -> assertThat(entry.text())
            .contains("stranger:OU=xxx", Fingerprint.of(endless).hex())
            .hasSizeLessThan(2_000));
  }

  @Test
  void strangers_whoComeInCrowds_fillNoLog() {
    Logger desk = (Logger) LoggerFactory.getLogger(EnrollmentDesk.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    desk.addAppender(log);
    X509Certificate stranger = TestPki.root("CN=x").issue("CN=y").build().certificate();
    try {
      for (int i = 0; i < 100; i++) {
        refused(enroll(stranger), Kind.UNAUTHENTICATED, "issued by nobody we know");
      }
    } finally {
      desk.detachAppender(log);
    }
    assertThat(log.list).isNotEmpty().hasSizeLessThan(100);
  }

  @Test
  void idevid_incompleteChain_isAcceptedWhereTheIntermediateIsRegistered() {
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    refused(
        enroll(idevid(line, "1").certificate()), Kind.UNAUTHENTICATED, "issued by nobody we know");
    bench.addManufacturer("acme", line.certificate());
    DeskBench.issued(enroll(idevid(line, "1").certificate()));
  }

  @Test
  void idevid_manySameNamedCas_costNoMoreThanAFewSignatures() {
    List<X509Certificate> chain = new ArrayList<>();
    TestPki.Credential maze = TestPki.selfSigned("CN=Maze").ca().build();
    chain.add(idevid(maze, "1").certificate());
    for (int i = 0; i < 5; i++) {
      chain.add(TestPki.root("CN=Maze").certificate());
    }
    refused(enroll(chain), Kind.UNAUTHENTICATED, "issued by nobody we know");
  }

  @Test
  void idevid_unknownCriticalExtension_isRefused() {
    TestPki.Credential odd = bench
        .factory
        .issue("SERIALNUMBER=1")
        .extension(new org.bouncycastle.asn1.ASN1ObjectIdentifier("1.2.3.4.5"), DERNull.INSTANCE)
        .build();
    refused(enroll(odd.certificate()), Kind.UNAUTHENTICATED, "critical extension");
  }

  @Test
  void idevid_withCmcRaPurpose_isADeviceLikeAnyOther() {
    TestPki.Credential ra = bench
        .factory
        .issue("SERIALNUMBER=RA")
        .withoutUsages()
        .extension(Extension.extendedKeyUsage, new ExtendedKeyUsage(new KeyPurposeId[] {
          KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_cmcRA
        }))
        .build();
    X509Certificate ldevid = DeskBench.issued(enroll(ra.certificate()));
    assertThat(ldevid.getSubjectX500Principal().getName()).contains("acme-ra");
  }

  @Test
  void idevid_expired_isAcceptedByPolicyAlone_andItsCaNotEvenSo() {
    Instant now = Instant.now();
    TestPki.Credential expired = bench
        .factory
        .issue("SERIALNUMBER=1")
        .validity(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
        .build();
    refused(enroll(expired.certificate()), Kind.UNAUTHENTICATED, "expired");
    Duration none = Duration.ZERO;
    bench.save(bench.manufacturer("acme").with(policy(true, none, none, false, CrlMode.CLOSED)));
    DeskBench.issued(enroll(expired.certificate()));
    TestPki.Credential oldLine = bench
        .factory
        .issue("CN=Old")
        .ca()
        .validity(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
        .build();
    refused(enroll(idevid(oldLine, "2").chain()), Kind.UNAUTHENTICATED, "CA has expired");
  }

  @Test
  void idevid_notYetValid_isTakenWithinTheTolerance() {
    Instant soon = Instant.now().plus(Duration.ofMinutes(3));
    TestPki.Credential early =
        bench.factory.issue("SERIALNUMBER=1").validity(soon, soon.plus(DAY)).build();
    DeskBench.issued(enroll(early.certificate()));
    Duration none = Duration.ZERO;
    bench.save(bench.manufacturer("acme").with(policy(false, none, none, false, CrlMode.CLOSED)));
    TestPki.Credential other =
        bench.factory.issue("SERIALNUMBER=2").validity(soon, soon.plus(DAY)).build();
    refused(enroll(other.certificate()), Kind.UNAUTHENTICATED, "not yet valid");
  }

  @Test
  void manufacturer_disabled_letsNobodyInFromThenOn_renewalsOnlyIfAsked() {
    X509Certificate ldevid = bench.enrolled("1");
    Instant now = Instant.now();
    Manufacturer acme = bench.manufacturer("acme");
    bench.save(acme.with(new Distrust(now.plus(DAY), true)));
    X509Certificate second = DeskBench.issued(bench.renew(ldevid));
    bench.save(acme.with(new Distrust(now, false)));
    refused(enroll(idevid(bench.factory, "2").certificate()), Kind.FORBIDDEN, "disabled");
    X509Certificate third = DeskBench.issued(bench.renew(second));
    assertThat(bench.trust.anchors()).isEmpty();
    bench.save(acme.with(new Distrust(now, true)));
    refused(bench.renew(third), Kind.FORBIDDEN, "barred the renewals");
    bench.save(acme);
    DeskBench.issued(bench.renew(third));
    assertThat(bench.trust.anchors()).containsExactly(bench.factory.certificate());
  }

  @Test
  void ca_disabled_takesThoseBelowAlong_andSparesTheOthers() {
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    TestPki.Credential other = TestPki.root("CN=Other");
    bench.addManufacturer("acme", line.certificate(), other.certificate());
    X509Certificate ofOther = DeskBench.issued(enroll(idevid(other, "1").certificate()));
    X509Certificate ofLine = DeskBench.issued(enroll(idevid(line, "2").certificate()));
    disable(bench.factory.certificate(), new Distrust(Instant.now(), true));
    refused(enroll(idevid(line, "3").certificate()), Kind.FORBIDDEN, "disabled");
    refused(enroll(idevid(bench.factory, "4").certificate()), Kind.FORBIDDEN, "disabled");
    refused(bench.renew(ofLine), Kind.FORBIDDEN, "barred the renewals");
    DeskBench.issued(bench.renew(ofOther));
    DeskBench.issued(enroll(idevid(other, "5").certificate()));
  }

  private void disable(X509Certificate ca, Distrust distrust) {
    Manufacturer acme = bench.manufacturer("acme");
    bench.save(new Manufacturer(
        "acme",
        acme.policy(),
        null,
        acme.cas().stream()
            .map(one -> one.certificate().equals(ca)
                ? new ManufacturerCa(ca, one.provenAt(), null, distrust, one.crlUrl())
                : one)
            .toList()));
  }

  @Test
  void intermediateOnceDisabled_keepsOutWhatIsBelowIt_thoughItsRootIsTrusted() {
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    DeskBench.issued(enroll(idevid(line, "1").chain()));
    bench.save(new Manufacturer(
        "acme",
        STRICT,
        null,
        List.of(new ManufacturerCa(
            line.certificate(), null, null, new Distrust(Instant.now(), false), null))));
    refused(enroll(idevid(line, "2").chain()), Kind.FORBIDDEN, "disabled");
  }

  @Test
  void unprovenCa_letsNobodyIn_norKeepsOutWhomAProvenOneLetsIn() {
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    TestPki.Credential alone = TestPki.root("CN=Alone");
    bench.save(new Manufacturer(
        "acme",
        STRICT,
        null,
        List.of(
            new ManufacturerCa(line.certificate(), null, null, null, null),
            new ManufacturerCa(alone.certificate(), null, null, null, null))));
    refused(enroll(idevid(alone, "1").certificate()), Kind.UNAUTHENTICATED, "not proven");
    refused(enroll(idevid(line, "2").certificate()), Kind.UNAUTHENTICATED, "not proven");
    DeskBench.issued(enroll(idevid(line, "2").chain()));
    assertThat(bench.trust.anchors()).containsExactly(bench.factory.certificate());
    TrustView lenient = new TrustView(
        bench.registry,
        new AdmissionConfig(new FleetName("default"), false, List.of(), true, ServerKeygen.NEVER),
        bench.clock);
    assertThat(lenient.anchors()).contains(alone.certificate());
  }

  @Test
  void idevid_revokedByItsManufacturer_isKeptOut() {
    TestPki.Credential good = idevid(bench.factory, "1");
    TestPki.Credential bad = idevid(bench.factory, "2");
    TestPki.Credential line = bench.factory.issue("CN=Line").ca().build();
    store(bench.factory, DAY, bad.certificate(), line.certificate());
    DeskBench.issued(enroll(good.certificate()));
    refused(enroll(bad.certificate()), Kind.FORBIDDEN, "revoked by its manufacturer");
    refused(enroll(idevid(line, "3").chain()), Kind.FORBIDDEN, "a CA above the IDevID: revoked");
  }

  private void store(TestPki.Credential ca, Duration life, X509Certificate... revoked) {
    byte[] der = TestPki.crl(
        ca,
        1,
        life,
        List.of(revoked).stream().map(X509Certificate::getSerialNumber).toList());
    ManufacturerCrl crl = ManufacturerCrl.parse(der);
    assertThat(crl.flaw(ca.certificate(), Instant.now())).isEmpty();
    Fingerprint id = Fingerprint.of(ca.certificate());
    assertThat(bench.registry.<Boolean>commit(
            tables -> tables.manufacturers().store(id, crl, Instant.now())))
        .isTrue();
    assertThat(bench.registry.<Boolean>commit(
            tables -> tables.manufacturers().store(id, crl, Instant.now())))
        .as("the same again, which changes nothing")
        .isFalse();
    bench.trust.refresh();
  }

  /** Else whoever has the key of a CA below the registered one would issue what nobody revokes. */
  @Test
  void caBetween_whoseCrlIsNotHere_letsNobodyIn_onceItsManufacturerHasCrls() {
    TestPki.Credential line = bench.factory.issue("CN=Line 7").ca().build();
    DeskBench.issued(enroll(idevid(line, "1").chain()));
    store(bench.factory, DAY);
    DeskBench.issued(enroll(idevid(bench.factory, "2").chain()));
    refused(
        enroll(idevid(line, "3").chain()),
        Kind.FORBIDDEN,
        "IDevID: may be revoked (expected: a CRL of \"CN=Line 7\", which is not registered here)");
    Manufacturer acme = bench.manufacturer("acme");
    Duration none = Duration.ZERO;
    bench.save(acme.with(policy(false, none, none, false, CrlMode.OPEN)));
    DeskBench.issued(enroll(idevid(line, "3").chain()));
    bench.save(acme);
    bench.addManufacturer("acme", line.certificate());
    store(line, DAY);
    DeskBench.issued(enroll(idevid(line, "4").chain()));
  }

  @Test
  void staleOrMissingCrl_keepsOutOrNot_asThePolicySays() {
    store(bench.factory, Duration.ofSeconds(-1));
    refused(enroll(idevid(bench.factory, "1").certificate()), Kind.FORBIDDEN, "may be revoked");
    Manufacturer acme = bench.manufacturer("acme");
    Duration none = Duration.ZERO;
    bench.save(acme.with(policy(false, none, none, false, CrlMode.OPEN)));
    DeskBench.issued(enroll(idevid(bench.factory, "1").certificate()));
    TestPki.Credential silent = TestPki.root("CN=Silent");
    bench.save(new Manufacturer(
        "silent",
        STRICT,
        null,
        List.of(new ManufacturerCa(
            silent.certificate(), Instant.now(), null, null, URI.create("http://crl.invalid/")))));
    refused(enroll(idevid(silent, "1").certificate()), Kind.FORBIDDEN, "may be revoked");
  }

  @Test
  void ldevid_expired_isRenewedWithinTheGraceAlone() {
    X509Certificate ldevid = bench.enrolled("1");
    bench.clock.advance(DAY.plus(Duration.ofHours(1)));
    refused(bench.renew(ldevid), Kind.UNAUTHENTICATED, "expired");
    Duration none = Duration.ZERO;
    bench.save(bench
        .manufacturer("acme")
        .with(policy(false, none, Duration.ofHours(2), false, CrlMode.CLOSED)));
    X509Certificate next = DeskBench.issued(bench.renew(ldevid));
    refused(enroll(ldevid), Kind.UNAUTHENTICATED, "expired");
    bench.save(new Manufacturer(
        "patient",
        policy(false, none, DAY.multipliedBy(30), false, CrlMode.CLOSED),
        null,
        List.of()));
    bench.clock.advance(DAY.multipliedBy(2));
    refused(bench.renew(next), Kind.FORBIDDEN, "expired");
  }

  /** Else whoever has its key could renew it for the whole grace, and no operator could help it. */
  @Test
  void ldevid_expired_thatWasTakenBack_isNotRenewedInTheGrace() {
    X509Certificate revoked = bench.enrolled("1");
    X509Certificate held = bench.enrolled("2");
    X509Certificate before = bench.enrolled("3");
    X509Certificate last = DeskBench.issued(bench.renew(before));
    X509Certificate late = bench.enrolled("4");
    bench.clock.advance(DAY.plus(Duration.ofHours(1)));
    bench.save(bench
        .manufacturer("acme")
        .with(policy(false, Duration.ZERO, Duration.ofHours(2), false, CrlMode.CLOSED)));
    taken(bench.revocations.revoke(
        Actor.SYSTEM, DeskBench.serial(revoked), RevocationReason.KEY_COMPROMISE));
    taken(bench.revocations.hold(Actor.SYSTEM, DeskBench.serial(held)));
    assertThat(taken(bench.revocations.revoke(
                Actor.SYSTEM, DeskBench.serial(last), RevocationReason.CESSATION_OF_OPERATION))
            .also())
        .containsExactly(DeskBench.serial(before));
    refused(bench.renew(revoked), Kind.FORBIDDEN, "certificate: revoked");
    refused(bench.renew(held), Kind.FORBIDDEN, "certificate: held");
    refused(bench.renew(before), Kind.FORBIDDEN, "certificate: revoked");
    assertThat(audit("device:acme-1"))
        .anyMatch(text -> text.contains("certificate.revoked") && text.contains("keyCompromise"));
    assertThat(bench.listed()).as("whatever has ended needs no CRL").isEmpty();

    taken(bench.revocations.unhold(Actor.SYSTEM, DeskBench.serial(held)));
    DeskBench.issued(bench.renew(held));

    URI crl = URI.create("http://localhost/crl/root.crl");
    bench.authorities.prepare(AuthorityHistory.DEVICE, crl, bench.clock.instant());
    bench.authorities.activate("device-2", bench.clock.instant());
    bench.authorities.end("device", bench.clock.instant());
    taken(bench.revocations.revoke(
        Actor.SYSTEM, DeskBench.serial(late), RevocationReason.KEY_COMPROMISE));
    refused(bench.renew(late), Kind.FORBIDDEN, "certificate: revoked");
  }

  private static Revocations.Outcome.Published taken(Revocations.Outcome outcome) {
    assertThat(outcome).isInstanceOf(Revocations.Outcome.Published.class);
    return (Revocations.Outcome.Published) outcome;
  }

  private List<String> audit(String object) {
    return bench.registry.read(tables -> tables.audit().about(object, 0, 100)).stream()
        .map(AuditEntry::text)
        .toList();
  }

  @Test
  void ca_disabled_doesNotBarDevicesInWhoseNameItCame() {
    TestPki.Credential other = TestPki.root("CN=Other");
    bench.addManufacturer("acme", bench.factory.certificate(), other.certificate());
    TestPki.Credential genuine = idevid(bench.factory, "1");
    X509Certificate ldevid = DeskBench.issued(enroll(genuine.certificate()));
    assertThat(enroll(idevid(other, "1").certificate()))
        .isInstanceOf(EnrollmentOutcome.Deferred.class);
    disable(other.certificate(), new Distrust(Instant.now(), true));
    DeskBench.issued(bench.renew(ldevid));
    disable(bench.factory.certificate(), new Distrust(Instant.now(), true));
    refused(bench.renew(ldevid), Kind.FORBIDDEN, "barred the renewals");
  }

  @Test
  void claimRequired_withoutAToken_isRefused() {
    Duration none = Duration.ZERO;
    bench.save(bench.manufacturer("acme").with(policy(false, none, none, true, CrlMode.CLOSED)));
    refused(enroll(idevid(bench.factory, "1").certificate()), Kind.UNAUTHENTICATED, "claim token");
  }

  @Test
  void changeByAnotherProcess_isSeenAtTheNextLook() {
    TrustView other = new TrustView(
        bench.registry,
        new AdmissionConfig(new FleetName("default"), false, List.of()),
        bench.clock);
    bench.addManufacturer("late", TestPki.root("CN=Late").certificate());
    assertThat(other.manufacturer("late")).isEmpty();
    other.refreshIfChanged();
    assertThat(other.manufacturer("late")).isPresent();
  }

  @Test
  void twoIdevidsOfOneSerial_neverShareADevice() {
    KeyPair keys = TestPki.newKey();
    DeskBench.issued(
        enroll(bench.factory.issue("SERIALNUMBER=1").key(keys).build().certificate()));
    assertThat(enroll(idevid(bench.factory, "1").certificate()))
        .isInstanceOf(EnrollmentOutcome.Deferred.class);
    DeskBench.issued(enroll(idevid(bench.factory, "sn-a").certificate()));
    refused(
        enroll(idevid(bench.factory, "SN-A").certificate()),
        Kind.FORBIDDEN,
        "belongs to another device");
  }
}
