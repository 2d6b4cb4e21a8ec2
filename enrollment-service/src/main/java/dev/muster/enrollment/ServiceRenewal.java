/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCertificates;
import dev.muster.enrollment.authority.ServiceCertificates.Service;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.protocol.identity.DistinguishedName;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the certificates of our own services in the registry, and alive. */
final class ServiceRenewal {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceRenewal.class);

  private final Registry registry;
  private final CertificateAuthorities authorities;
  private final Clock clock;
  private volatile @Nullable ServiceCertificates services;

  ServiceRenewal(Registry registry, CertificateAuthorities authorities, Clock clock) {
    this.registry = registry;
    this.authorities = authorities;
    this.clock = clock;
  }

  /** From now on, these. */
  void keep(ServiceCertificates kept) {
    services = kept;
  }

  /** Renews what is due. */
  synchronized void renewDue() {
    ServiceCertificates kept = services;
    if (kept != null && !authorities.isHalted()) {
      kept.due(clock.instant()).forEach(service -> renew(kept, service));
    }
  }

  private void renew(ServiceCertificates kept, Service service) {
    String replaced = serial(kept.certificate(service));
    ServiceCredential next = kept.issue(service, clock);
    // In the registry before anybody sees it: what is in use can always be revoked.
    record(next.certificate(), replaced);
    kept.write(service, next);
    LOG.info(
        "Service certificate renewed service={} serial={} replaces={} notAfter={}",
        service.directory(),
        serial(next.certificate()),
        replaced,
        next.certificate().getNotAfter().toInstant());
  }

  /** Makes a certificate of our own known, so that it too can be revoked. */
  void record(X509Certificate certificate) {
    record(certificate, null);
  }

  private void record(X509Certificate certificate, @Nullable String replaces) {
    Optional<Authority> issuer = authorities.history().trusted(AuthorityHistory.SERVICE).stream()
        .filter(authority -> certificate
            .getIssuerX500Principal()
            .equals(authority.certificate().getSubjectX500Principal()))
        .findFirst();
    if (issuer.isEmpty()) {
      return;
    }
    String role = DistinguishedName.of(certificate.getSubjectX500Principal())
        .organizationalUnit()
        .orElse("service");
    CertificateRecord record = CertificateRecord.issued(
        issuer.get().id(),
        role,
        null,
        replaces,
        certificate.getNotBefore().toInstant(),
        IssuedCertificate.of(certificate));
    AuditEvent event = AuditEvent.of(
            Actor.SYSTEM, "certificate.issued", "certificate:" + record.serial())
        .with("subject", certificate.getSubjectX500Principal().getName())
        .with("notAfter", record.notAfter())
        .with("replaces", replaces);
    registry.commit(tables -> {
      if (tables.certificates().find(record.serial()).isEmpty()) {
        tables.certificates().insert(record);
        tables.audit().append(event, clock.instant());
      }
      return record;
    });
  }

  private static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }
}
