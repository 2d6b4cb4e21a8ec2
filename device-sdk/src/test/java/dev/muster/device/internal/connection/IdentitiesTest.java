/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.est.IssuedCertificate;
import dev.muster.device.internal.est.RenewalAdvice;
import dev.muster.device.internal.identity.FileKeys;
import dev.muster.device.internal.identity.Generation;
import dev.muster.device.internal.identity.IdentityStore;
import dev.muster.device.internal.identity.PendingKey;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DeviceSubject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a certificate of 30 days is renewed. */
class IdentitiesTest {
  private static final RandomGenerator FIRST = () -> 0L;
  private static final RandomGenerator LAST = () -> -1L;

  @TempDir
  Path folder;

  private final Instant begin = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private TestFleet fleet;
  private Identities identities;
  private Generation generation;

  @BeforeEach
  void makeFleet() {
    fleet = new TestFleet(folder);
  }

  @AfterEach
  void close() {
    identities.close();
  }

  private void enroll(RandomGenerator chance) {
    enroll(chance, List.of());
  }

  private void enroll(RandomGenerator chance, List<X509Certificate> authorities) {
    IdentityStore store = IdentityStore.open(
        folder.resolve("state"), TrustAnchors.read(fleet.trust()), new FileKeys());
    identities = new Identities(store, chance, DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
    PendingKey key = identities.pendingKey();
    X509Certificate leaf = fleet
        .deviceCa()
        .issue("CN=d1, O=default, OU=device")
        .key(new KeyPair(key.keys().getPublic(), null))
        .validity(begin, begin.plus(Duration.ofDays(30)))
        .build()
        .certificate();
    generation = identities.enrolled(
        key,
        new IssuedCertificate(
            List.of(leaf, fleet.deviceCa().certificate()),
            DeviceSubject.of(leaf.getSubjectX500Principal()),
            authorities));
  }

  private boolean isDueAfter(double days) {
    return identities.isRenewalDue(begin.plusSeconds((long) (days * 24 * 3600)));
  }

  @Test
  void isRenewalDue_theFirstOfAFleet_afterTwoThirdsOfTheLife() {
    enroll(FIRST);

    assertThat(isDueAfter(19.99)).isFalse();
    assertThat(isDueAfter(20)).isTrue();
    assertThat(isDueAfter(30)).as("expired").isFalse();
  }

  @Test
  void isRenewalDue_theLastOfAFleet_afterFiveSixthsOfTheLife() {
    enroll(LAST);

    assertThat(isDueAfter(24.99)).isFalse();
    assertThat(isDueAfter(25)).isTrue();
  }

  @Test
  void enrolled_noRoomForWhatTheRegistrarPublishes_isInUseAndLearnsItLater() throws IOException {
    Path learnt = folder.resolve("state/trust.pem");
    Path occupied = Files.createDirectories(folder.resolve("state/trust.pem.new/occupied"));

    enroll(FIRST, PemFile.certificates(fleet.trust()));

    assertThat(identities.current()).isEqualTo(generation);
    assertThat(learnt).doesNotExist();
    Files.delete(occupied);
    identities.catchUp(null);
    assertThat(learnt).exists();
  }

  @Test
  void enrolled_noRoomForThePointer_isInUseAndNotedLater() throws IOException {
    Path pointer = folder.resolve("state/identity/current");
    Path occupied = Files.createDirectories(folder.resolve("state/identity/current.new/occupied"));

    enroll(FIRST);

    assertThat(identities.choose(begin)).isEqualTo(generation);
    assertThat(pointer).doesNotExist();
    Files.delete(occupied);
    identities.catchUp(null);
    assertThat(pointer).hasContent("1");
  }

  /** Who has called it expired on the way to the broker can do so on the way to the registrar. */
  @Test
  void calledExpired_registrarRefusesByAnAlert_isInUse() {
    enroll(FIRST);
    identities.doubt(generation, true);
    assertThat(isDueAfter(1)).isTrue();

    identities.judged(new EnrollmentRefusedException("certificate_expired", new IOException()));

    assertThat(identities.choose(begin)).isEqualTo(generation);
    assertThat(isDueAfter(1)).isFalse();
  }

  @Test
  void calledExpired_registrarSaysSoToo_isNotInUse() {
    enroll(FIRST);
    identities.doubt(generation, true);

    identities.judged(new EnrollmentRefusedException("certificate: expired", null));

    assertThat(identities.choose(begin)).isNull();
  }

  /** The broker's word is authenticated; and a server may refuse in TLS what has expired. */
  @Test
  void expired_registrarRefusesByAnAlert_isNotInUse() {
    enroll(FIRST);
    identities.doubtExpired(generation);

    identities.judged(new EnrollmentRefusedException("certificate_expired", new IOException()));

    assertThat(identities.choose(begin)).isNull();
  }

  @Test
  void expired_afterAnotherDoubtWasSettled_isAskedAboutOnce() {
    enroll(FIRST);
    identities.doubt(generation, false);
    identities.judged(new EnrollmentRefusedException("barred", null));

    identities.doubtExpired(generation);

    assertThat(isDueAfter(1)).isTrue();
    identities.judged(new EnrollmentRefusedException("certificate: expired", null));
    identities.doubtExpired(generation);
    assertThat(isDueAfter(1)).isFalse();
    assertThat(identities.choose(begin)).isNull();
  }

  private void advise(double fromDay, double toDay) {
    identities.advise(
        generation,
        new RenewalAdvice(
            begin.plusSeconds((long) (fromDay * 24 * 3600)),
            begin.plusSeconds((long) (toDay * 24 * 3600)),
            Duration.ofDays(1)));
  }

  @Test
  void isRenewalDue_advisedEarlier_atThePlaceInThatWindow() {
    enroll(LAST);

    advise(3, 4);

    assertThat(isDueAfter(3.99)).isFalse();
    assertThat(isDueAfter(4)).isTrue();
  }

  @Test
  void isRenewalDue_advisedLater_thenAndNotBefore() {
    enroll(FIRST);

    advise(22, 23);

    assertThat(isDueAfter(21.99)).isFalse();
    assertThat(isDueAfter(22)).isTrue();
  }

  @Test
  void isRenewalDue_advisedLaterThanIsSafe_atFiveSixthsOfTheLife() {
    enroll(FIRST);

    advise(29, 40);

    assertThat(isDueAfter(24.99)).isFalse();
    assertThat(isDueAfter(25)).isTrue();
  }
}
