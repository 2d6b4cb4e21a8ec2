/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.CrlContents;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.SubjectKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrlPublisherTest {
  private static final Duration MONTH = Duration.ofDays(30);

  @TempDir
  Path folder;

  private RevocationBench bench;

  private RevocationBench open(int shardSize) {
    bench = new RevocationBench(folder, shardSize);
    return bench;
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private X509CRLEntry entry(X509Certificate certificate) {
    return bench.crl().getRevokedCertificate(certificate.getSerialNumber());
  }

  private static long number(X509CRL crl) throws IOException {
    return CRLNumber.getInstance(JcaX509ExtensionUtils.parseExtensionValue(
            crl.getExtensionValue(Extension.cRLNumber.getId())))
        .getCRLNumber()
        .longValueExact();
  }

  @Test
  void crl_ofNothingRevoked_isVersion2WithNextUpdate_andHasNoList()
      throws GeneralSecurityException {
    X509CRL crl = open(10).crl();
    assertThat(crl.getVersion()).isEqualTo(2);
    assertThat(Duration.between(
            crl.getThisUpdate().toInstant(), crl.getNextUpdate().toInstant()))
        .isEqualTo(RevocationBench.VALIDITY);
    assertThat(crl.getRevokedCertificates()).isNull();
    crl.verify(bench.authorities.deviceCa().getPublicKey());
  }

  @Test
  void crl_carriesAuthorityKeyAndNumber_notCritical() {
    X509CRL crl = open(10).crl();
    assertThat(crl.getNonCriticalExtensionOIDs())
        .isEqualTo(Set.of(Extension.authorityKeyIdentifier.getId(), Extension.cRLNumber.getId()));
    assertThat(crl.getCriticalExtensionOIDs()).isNullOrEmpty();
  }

  @Test
  void crl_number_risesWithEach_andIsNeverBelowTheClock() throws IOException {
    open(10);
    long first = number(bench.crl());
    bench.publisher.publish("device");
    long second = number(bench.crl());
    assertThat(second).isGreaterThan(first);
    // A registry from a backup: its numbers are old, the clock is not.
    bench.clock.advance(Duration.ofDays(1));
    bench.publisher.publish("device");
    assertThat(number(bench.crl())).isEqualTo(bench.clock.instant().getEpochSecond());
  }

  @Test
  void crl_reason_isAsGiven_andAbsentWhenUnspecified() throws IOException {
    open(10);
    for (RevocationReason reason : RevocationReason.values()) {
      if (reason == RevocationReason.CERTIFICATE_HOLD || reason == RevocationReason.CA_COMPROMISE) {
        // Not an operator's to give: the one is hold, the other an emergency roll-over.
        continue;
      }
      X509Certificate certificate = bench.issue(MONTH);
      bench.revoke(certificate, reason);
      X509CRLEntry entry = entry(certificate);
      if (reason == RevocationReason.UNSPECIFIED) {
        assertThat(entry.hasExtensions()).isFalse();
      } else {
        assertThat(entry.getRevocationReason().ordinal()).isEqualTo(reason.code());
      }
      assertThat(entry.getRevocationDate().toInstant())
          .isEqualTo(bench.clock.instant().truncatedTo(ChronoUnit.SECONDS));
    }
  }

  @Test
  void crl_hold_isListedAsSuch_andGoneWhenReleased() {
    open(10);
    X509Certificate certificate = bench.issue(MONTH);
    bench.revocations.hold(Actor.SYSTEM, RevocationBench.serial(certificate));
    assertThat(entry(certificate).getRevocationReason().name()).isEqualTo("CERTIFICATE_HOLD");
    bench.revocations.unhold(Actor.SYSTEM, RevocationBench.serial(certificate));
    assertThat(entry(certificate)).isNull();
    assertThat(bench.revoke(certificate, RevocationReason.CERTIFICATE_HOLD))
        .isInstanceOf(Revocations.Outcome.Impossible.class);
  }

  @Test
  void crl_keyCompromise_tellsSinceWhen_ifSomebodyKnows() throws IOException {
    open(10);
    X509Certificate certificate = bench.issue(MONTH);
    String serial = RevocationBench.serial(certificate);
    Instant since = bench.clock.instant().minus(Duration.ofDays(3)).truncatedTo(ChronoUnit.SECONDS);
    Instant later = bench.clock.instant().plusSeconds(1);
    assertThat(bench.revocations.revoke(Actor.SYSTEM, serial, RevocationReason.SUPERSEDED, since))
        .isInstanceOf(Revocations.Outcome.Impossible.class);
    assertThat(
            bench.revocations.revoke(Actor.SYSTEM, serial, RevocationReason.KEY_COMPROMISE, later))
        .isInstanceOf(Revocations.Outcome.Impossible.class);
    assertThat(
            bench.revocations.revoke(Actor.SYSTEM, serial, RevocationReason.KEY_COMPROMISE, since))
        .isInstanceOf(Revocations.Outcome.Published.class);
    ASN1GeneralizedTime date =
        ASN1GeneralizedTime.getInstance(JcaX509ExtensionUtils.parseExtensionValue(
            entry(certificate).getExtensionValue(Extension.invalidityDate.getId())));
    assertThat(date.getTimeString()).isEqualTo(since.toString().replaceAll("[-:T]", ""));
  }

  @Test
  void crl_entry_staysUntilOneCrlMadeAfterTheEnd_thenGoes() {
    open(10);
    X509Certificate certificate = bench.issue(Duration.ofMinutes(10));
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    int shard = RevocationBench.shardOf(certificate);
    bench.clock.advance(Duration.ofMinutes(20));
    bench.publisher.publish("device");
    assertThat(entry(certificate)).isNotNull();
    bench.clock.advance(RevocationBench.INTERVAL);
    bench.publisher.publishDue();
    assertThat(entry(certificate)).isNull();
    assertThat(bench.crl(shard).getRevokedCertificate(certificate.getSerialNumber()))
        .isNotNull();
    bench.clock.advance(RevocationBench.INTERVAL);
    bench.publisher.publishDue();
    assertThat(bench.crl(shard).getRevokedCertificate(certificate.getSerialNumber()))
        .isNull();
  }

  @Test
  void crl_ofAShard_saysItsDistributionPoint_asItsCertificatesDo() throws IOException {
    open(10);
    X509Certificate certificate = bench.issue(MONTH);
    int shard = RevocationBench.shardOf(certificate);
    assertThat(shard).isEqualTo(1);
    assertThat(RevocationBench.distributionPoint(certificate))
        .isEqualTo("http://crl.example.com/crl/device/1.crl");
    X509CRL crl = bench.crl(shard);
    String oid = Extension.issuingDistributionPoint.getId();
    assertThat(crl.getCriticalExtensionOIDs()).containsExactly(oid);
    IssuingDistributionPoint said = IssuingDistributionPoint.getInstance(
        JcaX509ExtensionUtils.parseExtensionValue(crl.getExtensionValue(oid)));
    CRLDistPoint named = CRLDistPoint.getInstance(JcaX509ExtensionUtils.parseExtensionValue(
        certificate.getExtensionValue(Extension.cRLDistributionPoints.getId())));
    assertThat(said.getDistributionPoint().getEncoded())
        .isEqualTo(named.getDistributionPoints()[0].getDistributionPoint().getEncoded());
  }

  @Test
  void crl_ofAShard_neverHasMoreEntriesThanItsSize() {
    open(3);
    List<X509Certificate> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(bench.issue(MONTH));
    }
    all.forEach(certificate -> bench.revoke(certificate, RevocationReason.SUPERSEDED));
    for (int shard = 1; shard <= 3; shard++) {
      assertThat(bench.crl(shard).getRevokedCertificates()).hasSize(3);
    }
    assertThat(bench.crl().getRevokedCertificates()).hasSize(10);
    assertThat(bench.crl().getCriticalExtensionOIDs()).isNullOrEmpty();
  }

  @Test
  void crl_revocation_makesItsShardAnew_andNoOther() throws IOException {
    open(1);
    X509Certificate one = bench.issue(MONTH);
    X509Certificate two = bench.issue(MONTH);
    long other = number(bench.crl(RevocationBench.shardOf(two)));
    bench.revoke(one, RevocationReason.SUPERSEDED);
    X509CRL crl = bench.crl(RevocationBench.shardOf(one));
    assertThat(crl.getRevokedCertificate(one.getSerialNumber())).isNotNull();
    assertThat(number(crl)).isEqualTo(number(bench.crl())).isGreaterThan(other);
    assertThat(number(bench.crl(RevocationBench.shardOf(two)))).isEqualTo(other);
  }

  @Test
  void crl_whenIdle_isMadeAnewBeforeItsNextUpdate() {
    open(10);
    Instant first = bench.crl().getThisUpdate().toInstant();
    bench.clock.advance(RevocationBench.INTERVAL.minusSeconds(2));
    bench.publisher.publishDue();
    assertThat(bench.crl().getThisUpdate().toInstant()).isEqualTo(first);
    bench.clock.advance(Duration.ofSeconds(3));
    bench.publisher.publishDue();
    assertThat(bench.crl().getThisUpdate().toInstant()).isAfter(first);
    assertThat(bench.crl(1).getThisUpdate().toInstant()).isAfter(first);
  }

  /** @param made how many while it was ahead: in the second, what had ended is no longer named */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void crl_madeWhileTheClockWasAhead_isMadeAnew_onceItIsRight_andNamesAllThatIsRevokedAgain(
      int made) {
    open(10);
    X509Certificate revoked = bench.issue(Duration.ofHours(6));
    bench.revoke(revoked, RevocationReason.KEY_COMPROMISE);
    for (int i = 0; i < made; i++) {
      bench.clock.advance(Duration.ofDays(1));
      bench.publisher.publishDue();
    }
    bench.clock.advance(Duration.ofDays(-made));
    bench.publisher.publishDue();
    for (int shard : List.of(PublishedCrl.COMPLETE, 1)) {
      assertThat(bench.crl(shard).getThisUpdate()).isBeforeOrEqualTo(bench.clock.instant());
      assertThat(bench.crl(shard).getRevokedCertificate(revoked.getSerialNumber()))
          .isNotNull();
    }
  }

  @Test
  void crl_withWhatWasRevokedWhileTheClockWasAhead_isMadeOnce() {
    open(10);
    X509Certificate certificate = bench.issue(MONTH);
    bench.clock.advance(Duration.ofDays(1));
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    bench.clock.advance(Duration.ofDays(-1));
    bench.publisher.publishDue();
    assertThat(entry(certificate)).isNotNull();
    PublishedCrl first = bench.publisher.current("device").orElseThrow();
    bench.clock.advance(Duration.ofSeconds(2));
    bench.publisher.publishDue();
    assertThat(bench.publisher.current("device")).contains(first);
  }

  @Test
  void crl_ofAShardWhoseCertificatesHaveEnded_disappearsAfterALastOne() {
    open(1);
    X509Certificate first = bench.issue(Duration.ofMinutes(10));
    bench.issue(MONTH.multipliedBy(2));
    bench.issue(MONTH.multipliedBy(2));
    int shard = RevocationBench.shardOf(first);
    bench.revoke(first, RevocationReason.SUPERSEDED);
    bench.clock.advance(RevocationBench.INTERVAL);
    bench.publisher.publishDue();
    assertThat(bench.crl(shard).getRevokedCertificate(first.getSerialNumber())).isNotNull();
    bench.clock.advance(Duration.ofDays(30));
    bench.publisher.publishDue();
    assertThat(bench.crl(shard).getRevokedCertificates()).isNull();
    bench.clock.advance(Duration.ofDays(2));
    bench.publisher.publishDue();
    assertThat(bench.publisher.current("device", shard)).isEmpty();
    assertThat(bench.publisher.current("device", shard + 1)).isPresent();
  }

  /** @param days that the other process has kept its places for */
  @ParameterizedTest
  @ValueSource(ints = {0, 30, 32})
  void crl_thatACertificateNames_isThere_alsoIfAnotherProcessHasLongHeldItsPlace(int days) {
    open(10);
    CrlPublisher other = bench.newPublisher();
    CrlShards others = bench.newShards(other, 10);
    others.refill("device");
    while (RevocationBench.shardOf(bench.issue(Duration.ofMinutes(10))) == 1) {
      // The shard whose place the other has is filled, and soon ends.
    }
    bench.clock.advance(RevocationBench.INTERVAL);
    bench.publisher.publishDue();
    bench.clock.advance(Duration.ofDays(days).plus(RevocationBench.INTERVAL));
    bench.publisher.publishDue();
    X509Certificate certificate = bench.issue(others, MONTH);
    assertThat(RevocationBench.shardOf(certificate)).isEqualTo(days < 30 ? 1 : 0);
    assertThat(bench.publisher.current("device", RevocationBench.shardOf(certificate)))
        .isPresent();
    assertThat(bench.publisher.current("device", 1).isPresent()).isEqualTo(days < 31);
  }

  @Test
  void crl_madeByAnotherProcess_isTakenOver_andNumbersNeverMeet() throws IOException {
    open(10);
    CrlPublisher other = bench.newPublisher();
    other.publishDue();
    assertThat(other.current("device"))
        .contains(bench.publisher.current("device").orElseThrow());
    X509Certificate certificate = bench.issue(MONTH);
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    other.publishDue();
    assertThat(other.current("device").orElseThrow().entries()).isEqualTo(1);
    assertThat(other.current("device", 1).orElseThrow().entries()).isEqualTo(1);
    long number = other.publish("device").orElseThrow().number();
    assertThat(bench.publisher.publish("device").orElseThrow().number()).isGreaterThan(number);
    CrlShards others = bench.newShards(other, 10);
    others.refill("device");
    assertThat(RevocationBench.shardOf(bench.issue(others, MONTH))).isEqualTo(1);
  }

  @Test
  void crl_olderThanWhatAnotherProcessIsWriting_doesNotTakeItsPlace() throws SQLException {
    try (Connection first = connect();
        Statement statement = first.createStatement()) {
      // Of the connections to come; else the older one may give up before it is seen waiting.
      statement.execute("SET DEFAULT_LOCK_TIMEOUT 120000");
    }
    open(10);
    long newer = bench.publisher.current("device").orElseThrow().number() + 1000;
    try (Connection other = connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute(
          "UPDATE crl_newest SET number = " + newer + " WHERE issuer = 'device' AND shard = 0");
      CompletableFuture<Optional<PublishedCrl>> older =
          CompletableFuture.supplyAsync(() -> bench.publisher.publish("device"));
      await()
          .pollInterval(Duration.ofMillis(10))
          .atMost(Duration.ofMinutes(1))
          .until(() -> waits(statement));
      other.commit();
      older.join();
    }
    assertThat(
            bench.registry.read(tables -> tables.crls().newest("device")).get(0).number())
        .isEqualTo(newer);
  }

  /** Whether somebody waits for what another transaction has written. */
  private static boolean waits(Statement statement) throws SQLException {
    try (ResultSet blocked = statement.executeQuery(
        "SELECT 1 FROM INFORMATION_SCHEMA.SESSIONS WHERE BLOCKER_ID IS NOT NULL")) {
      return blocked.next();
    }
  }

  @Test
  void crl_thatAnotherProcessOwes_whichIsGone_isMadeByWhoeverLooks() {
    open(10);
    CrlPublisher other = bench.newPublisher();
    other.publishDue();
    X509Certificate certificate = bench.issue(MONTH);
    // All that is left of a process that was killed before it could sign; in the second of the CRL.
    commit(certificate, CertificateStatus.HELD, RevocationReason.CERTIFICATE_HOLD);
    other.publishDue();
    assertThat(other.current("device").orElseThrow().entries()).isEqualTo(1);
    assertThat(other.current("device", 1).orElseThrow().entries()).isEqualTo(1);
    commit(certificate, CertificateStatus.ACTIVE, null);
    other.publishDue();
    assertThat(other.current("device").orElseThrow().entries()).isZero();
    assertThat(other.current("device", 1).orElseThrow().entries()).isZero();
    // By a clock that is behind.
    bench.clock.advance(Duration.ofSeconds(-30));
    commit(certificate, CertificateStatus.REVOKED, RevocationReason.KEY_COMPROMISE);
    bench.clock.advance(Duration.ofSeconds(30));
    other.publishDue();
    assertThat(other.current("device").orElseThrow().entries()).isEqualTo(1);
    assertThat(other.current("device", 1).orElseThrow().entries()).isEqualTo(1);
    long number = other.current("device").orElseThrow().number();
    other.publishDue();
    assertThat(other.current("device").orElseThrow().number()).isEqualTo(number);
  }

  private void commit(
      X509Certificate certificate, CertificateStatus status, @Nullable RevocationReason reason) {
    bench.registry.commit(tables -> {
      tables
          .certificates()
          .update(RevocationBench.serial(certificate), status, reason, bench.clock.instant());
      return certificate;
    });
  }

  @Test
  void crl_thatCouldNotBeMade_isMadeAsSoonAsItCan_andHoldsUpNoOther() {
    open(10);
    AtomicBoolean broken = new AtomicBoolean();
    CrlPublisher publisher = bench.newPublisher(issuer -> failing(issuer, broken));
    publisher.publishAll();
    Revocations revocations = new Revocations(bench.registry, publisher, bench.clock);
    X509Certificate certificate = bench.issue(MONTH);
    broken.set(true);
    assertThatThrownBy(() -> revocations.revoke(
            Actor.SYSTEM, RevocationBench.serial(certificate), RevocationReason.KEY_COMPROMISE))
        .isInstanceOf(IssuanceException.class);
    assertThatThrownBy(publisher::publishWanted).isInstanceOf(IssuanceException.class);
    assertThat(publisher.current("device").orElseThrow().entries()).isZero();
    bench.clock.advance(RevocationBench.INTERVAL.plusSeconds(1));
    long before = publisher.current("service").orElseThrow().number();
    assertThatThrownBy(publisher::publishDue).isInstanceOf(IssuanceException.class);
    assertThat(publisher.current("service").orElseThrow().number()).isGreaterThan(before);

    broken.set(false);
    publisher.publishWanted();
    assertThat(publisher.current("device").orElseThrow().entries()).isEqualTo(1);
    long number = publisher.current("device").orElseThrow().number();
    publisher.publishWanted();
    assertThat(publisher.current("device").orElseThrow().number()).isEqualTo(number);
  }

  /** The device CA, whose key cannot be used while it is broken; any other as it is. */
  private static CertificateIssuer failing(CertificateIssuer issuer, AtomicBoolean broken) {
    if (!issuer.id().equals("device")) {
      return issuer;
    }
    return new CertificateIssuer() {
      @Override
      public String id() {
        return issuer.id();
      }

      @Override
      public X509Certificate certificate() {
        return issuer.certificate();
      }

      @Override
      public IssuedCertificate issue(CertificateProfile profile, SubjectKey subject, Instant now) {
        return issuer.issue(profile, subject, now);
      }

      @Override
      public byte[] sign(CrlContents contents) {
        if (broken.get()) {
          throw new IssuanceException("the token is gone");
        }
        return issuer.sign(contents);
      }
    };
  }

  @Test
  void certificate_withoutAPlaceAtHand_namesTheCompleteCrl() {
    open(10);
    CrlShards busy = new CrlShards(
        bench.registry,
        bench.publisher,
        RevocationBench.BASE,
        10,
        work -> {
          throw new RejectedExecutionException();
        },
        bench.clock);
    assertThat(RevocationBench.distributionPoint(bench.issue(busy, MONTH)))
        .isEqualTo("http://crl.example.com/crl/device.crl");
  }

  /** In an emergency, a CA is taken away while the upkeep goes through all of them. */
  @Test
  void publishDue_andPublishEach_ofACaThatEndsMeanwhile_makeThoseOfTheOthers() {
    open(10);
    AtomicBoolean looked = new AtomicBoolean();
    CrlPublisher publisher = new CrlPublisher(
        bench.registry,
        () -> {
          Map<String, CertificateIssuer> issuers = bench.authorities.issuers();
          if (looked.getAndSet(true)) {
            issuers.remove("device");
          }
          return issuers;
        },
        RevocationBench.VALIDITY,
        RevocationBench.INTERVAL,
        bench.clock);
    long before = bench.publisher.current("service").orElseThrow().number();
    bench.clock.advance(RevocationBench.INTERVAL.plusSeconds(1));
    publisher.publishDue();
    long due = publisher.current("service").orElseThrow().number();
    assertThat(due).isGreaterThan(before);
    looked.set(false);
    publisher.publishEach();
    assertThat(publisher.current("service").orElseThrow().number()).isGreaterThan(due);
    assertThat(publisher.current("device")).isEmpty();
    assertThat(publisher.publish("device")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void revoke_whileTheCaEnds_isPublishedByTheOneThatTakesItsPlace(int looks) {
    open(10);
    AtomicInteger looked = new AtomicInteger();
    CrlPublisher publisher = new CrlPublisher(
        bench.registry,
        () -> {
          Map<String, CertificateIssuer> issuers = bench.authorities.issuers();
          if (looked.getAndIncrement() >= looks) {
            issuers.put("device-2", issuers.remove("device"));
          }
          return issuers;
        },
        RevocationBench.VALIDITY,
        RevocationBench.INTERVAL,
        bench.clock);
    X509Certificate certificate = bench.issue(MONTH);
    Revocations.Outcome outcome = new Revocations(bench.registry, publisher, bench.clock)
        .revoke(Actor.SYSTEM, RevocationBench.serial(certificate), RevocationReason.KEY_COMPROMISE);
    assertThat(outcome)
        .asInstanceOf(InstanceOfAssertFactories.type(Revocations.Outcome.Published.class))
        .satisfies(published ->
            assertThat(published.certificate().status()).isEqualTo(CertificateStatus.REVOKED));
  }

  @Test
  void crl_published_isAudited() {
    open(10);
    long number = bench.publisher.publish("device").orElseThrow().number();
    assertThat(audit("ca:device"))
        .anySatisfy(entry ->
            assertThat(entry.text()).contains("crl.published").contains(Long.toString(number)));
    X509Certificate certificate = bench.issue(MONTH);
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    assertThat(audit("certificate:" + RevocationBench.serial(certificate)))
        .anySatisfy(entry -> assertThat(entry.text())
            .contains("certificate.revoked", "superseded", "\"before\":\"active\""));
  }

  private List<AuditEntry> audit(String object) {
    return bench.registry.read(tables -> tables.audit().about(object, 0, 100));
  }

  /** {@code -Dscale=100000} for the long form; how long it takes is told and not judged. */
  @Test
  void crl_ofManyEntries_namesThemAll() throws SQLException {
    int entries = Integer.getInteger("scale", 20_000);
    open(10_000);
    addRevoked(entries);
    // Of the processor, because the machine may be shared; what is written to disk comes on top.
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 3; i++) {
      long start = threads.getCurrentThreadCpuTime();
      PublishedCrl crl = bench.publisher.publish("device").orElseThrow();
      Duration took = Duration.ofNanos(threads.getCurrentThreadCpuTime() - start);
      System.out.println("CRL of " + entries + " entries: " + took.toMillis() + " ms of CPU, "
          + crl.der().length() + " bytes");
      assertThat(crl.entries()).isEqualTo(entries);
    }
    assertThat(bench.crl().getRevokedCertificates()).hasSize(entries);
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:h2:file:" + folder.resolve("db").resolve("registry"), "sa", "");
  }

  private void addRevoked(int count) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement insert = connection.prepareStatement(
            "INSERT INTO revocation (serial, issuer, shard, not_after, reason, revoked_at)"
                + " VALUES (?, 'device', 0, ?, 'superseded', ?)")) {
      connection.setAutoCommit(false);
      BigInteger serial = BigInteger.ONE.shiftLeft(128);
      Object end = OffsetDateTime.ofInstant(bench.clock.instant().plus(MONTH), ZoneOffset.UTC);
      Object now = OffsetDateTime.ofInstant(bench.clock.instant(), ZoneOffset.UTC);
      for (int i = 0; i < count; i++) {
        insert.setString(1, serial.add(BigInteger.valueOf(i * 7919L)).toString(16));
        insert.setObject(2, end);
        insert.setObject(3, now);
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
    }
  }
}
