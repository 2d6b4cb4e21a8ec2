/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCertificates;
import dev.muster.enrollment.authority.ServiceCertificates.Service;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.testing.MovableClock;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceRenewalTest {
  private static final Duration VALIDITY = Duration.ofDays(90);

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-11-21T12:00:00Z"));
  private Registry registry;
  private ServiceCertificates services;
  private ServiceRenewal renewal;

  @BeforeEach
  void open() {
    CertificateAuthorities.create(folder.resolve("ca"), clock);
    CertificateAuthorities authorities = CertificateAuthorities.open(folder.resolve("ca"));
    services = new ServiceCertificates(
        folder.resolve("services"), authorities, List.of("localhost"), VALIDITY);
    services.issueAll(clock);
    registry = Registry.open(new StorageConfig(folder.resolve("db")));
    renewal = new ServiceRenewal(registry, authorities, clock);
    renewal.record(server());
    renewal.keep(services);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private X509Certificate server() {
    return services.read(Service.SERVER).certificate();
  }

  @Test
  void renewDue_overAYear_renewsInTimeEachTime_andKeepsTheStory() {
    String last = serial(server());
    int renewals = 0;
    for (int day = 0; day < 365; day += 5) {
      clock.advance(Duration.ofDays(5));
      renewal.renewDue();
      assertThat(server().getNotAfter().toInstant())
          .isAfter(clock.instant().plus(VALIDITY.dividedBy(3)).minus(Duration.ofDays(5)));
      if (!serial(server()).equals(last)) {
        CertificateRecord record =
            registry.read(tables -> tables.certificates().find(serial(server())).orElseThrow());
        assertThat(record.role()).isEqualTo("server");
        assertThat(record.replaces()).isEqualTo(last);
        last = serial(server());
        renewals++;
      }
    }
    assertThat(renewals).isEqualTo(5);
  }

  @Test
  void renewDue_nothingDue_changesNothing() {
    String before = serial(server());
    renewal.renewDue();
    assertThat(serial(server())).isEqualTo(before);
  }

  private static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }
}
