/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.ServiceCertificates.Service;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceCertificatesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  private static final Duration VALIDITY = Duration.ofDays(90);

  @TempDir
  Path folder;

  private CertificateAuthorities authorities;
  private ServiceCertificates services;

  @BeforeEach
  void issue() {
    CertificateAuthorities.create(folder.resolve("ca"), CLOCK);
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    services = services("localhost");
    services.issueAll(CLOCK);
  }

  private ServiceCertificates services(String... hosts) {
    return new ServiceCertificates(
        folder.resolve("services"), authorities, List.of(hosts), VALIDITY);
  }

  @Test
  void due_beforeTwoThirdsOfTheLife_isNone() {
    assertThat(services.due(NOW)).isEmpty();
    assertThat(services.due(NOW.plus(Duration.ofDays(60)))).isEmpty();
  }

  @Test
  void due_afterTwoThirdsOfTheLife_isEach_untilItIsReplaced() {
    Instant later = NOW.plus(Duration.ofDays(61));
    assertThat(services.due(later)).containsExactly(Service.SERVER, Service.ENROLLMENT);
    ServiceCredential before = services.read(Service.SERVER);
    services.write(
        Service.SERVER, services.issue(Service.SERVER, Clock.fixed(later, ZoneOffset.UTC)));
    assertThat(services.due(later)).containsExactly(Service.ENROLLMENT);
    ServiceCredential after = services.read(Service.SERVER);
    assertThat(after.certificate().getSubjectX500Principal())
        .isEqualTo(before.certificate().getSubjectX500Principal());
    assertThat(after.certificate().getPublicKey())
        .isNotEqualTo(before.certificate().getPublicKey());
  }

  @Test
  void due_hostNamesChanged_isTheServer() {
    assertThat(services("localhost", "muster.example").due(NOW)).containsExactly(Service.SERVER);
  }

  @Test
  void due_caEndsAsSoon_isNone_becauseNothingWouldBeWon() {
    Instant end = authorities.serviceCa().getNotAfter().toInstant();
    Instant late = end.minus(Duration.ofDays(10));
    services.issueAll(Clock.fixed(late, ZoneOffset.UTC));
    assertThat(services.due(late.plus(Duration.ofDays(9)))).isEmpty();
  }
}
