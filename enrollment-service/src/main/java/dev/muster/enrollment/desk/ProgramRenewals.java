/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.time.temporal.ChronoUnit.SECONDS;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.desk.EnrollmentOutcome.Issued;
import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.issuance.StatusUrls;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the certificates of programs (RFC 7030, 4.2.2): under the same names, with a new key, for
 * as long as the one before. That there is such a program at all, an operator has decided. Its
 * certificates make one line, as those of a device do: a successor that somebody uses ends the
 * right to renew, one that nobody used ends when the next one is issued.
 *
 * <p>Thread-safe; blocks.
 */
final class ProgramRenewals {
  private static final Logger LOG = LoggerFactory.getLogger(ProgramRenewals.class);
  private static final Refused NOT_GOOD = new Refused(
      Kind.FORBIDDEN,
      "client certificate: of a service, but revoked, on hold, or not in the registry");

  private final Registry registry;
  private final TrustView trust;
  private final CertificateAuthorities authorities;
  private final StatusPlaces places;
  private final MeterRegistry meters;
  private final Runnable superseded;

  /** @param superseded is told when certificates were taken back */
  ProgramRenewals(
      Registry registry,
      TrustView trust,
      CertificateAuthorities authorities,
      StatusPlaces places,
      MeterRegistry meters,
      Runnable superseded) {
    this.registry = registry;
    this.trust = trust;
    this.authorities = authorities;
    this.places = places;
    this.meters = meters;
    this.superseded = superseded;
  }

  /** What one transaction came to: the answer, and what is to be told once it is on disk. */
  private record Result(EnrollmentOutcome outcome, Runnable tell) {
    Result(EnrollmentOutcome outcome) {
      this(outcome, () -> {});
    }
  }

  /** @param presented proven to be the sender's, valid, and issued by us */
  EnrollmentOutcome renew(X509Certificate presented, VerifiedCsr csr, Actor actor, Instant now) {
    Optional<String> foreign = foreignNames(csr, presented);
    if (foreign.isPresent()) {
      return new Refused(Kind.BAD_REQUEST, foreign.get());
    }
    Result result = registry.commit(tables -> tables
        .certificates()
        .find(presented)
        .map(known -> known.isLive(now)
            ? renew(tables, known, csr, actor, now)
            : new Result(NOT_GOOD, takenBack(tables, known, now)))
        .orElseGet(() -> new Result(NOT_GOOD)));
    result.tell.run();
    return result.outcome;
  }

  /**
   * One that was superseded by another key has an owner who has that one: whoever still comes with
   * it has a copy.
   */
  private Runnable takenBack(Registry.Tables tables, CertificateRecord presented, Instant now) {
    Stream<CertificateRecord> others = Stream.of(presented.serial(), presented.replaces())
        .filter(Objects::nonNull)
        .flatMap(serial -> tables.certificates().renewedFrom(serial).stream());
    return presented.reason() == RevocationReason.SUPERSEDED
            && others.anyMatch(one -> one.isLive(now) && !one.key().equals(presented.key()))
        ? alarm(tables, presented, "a certificate that was superseded by one with another key", now)
        : () -> {};
  }

  private Result renew(
      Registry.Tables tables,
      CertificateRecord presented,
      VerifiedCsr csr,
      Actor actor,
      Instant now) {
    Optional<CertificateRecord> holder = tables.certificates().findByKey(csr.keyFingerprint());
    if (holder.isPresent() && isRepeated(holder.get(), presented, now)) {
      // The answer was lost on its way.
      return new Result(new Issued(holder.get().stored()));
    }
    if (holder.isPresent()
        || ReservedKeys.contains(tables, csr.keyFingerprint(), trust, authorities)) {
      return new Result(
          new Refused(Kind.BAD_REQUEST, "csr: its key is in use already (expected: a new key)"));
    }
    List<CertificateRecord> next = successors(tables, presented, now);
    if (next.stream().anyMatch(one -> isUsed(tables, one))) {
      return new Result(
          new Refused(
              Kind.FORBIDDEN,
              "client certificate: its successor is in use already (expected: renewal with that"
                  + " one, or a new one of an operator)"),
          alarm(tables, presented, "a certificate whose successor is in use already", now));
    }
    List<CertificateRecord> over = new ArrayList<>(next);
    predecessor(tables, presented, now).ifPresent(over::add);
    over.forEach(one -> DecisionRecorder.supersede(tables, one, objectOf(one), actor, now));
    CertificateRecord issued = issue(tables, presented, csr, actor, now);
    return new Result(new Issued(issued.stored()), () -> {
      tellIssued(issued);
      if (!over.isEmpty()) {
        superseded.run();
      }
    });
  }

  private static List<CertificateRecord> successors(
      Registry.Tables tables, CertificateRecord presented, Instant now) {
    return tables.certificates().renewedFrom(presented.serial()).stream()
        .filter(record -> record.isLive(now))
        .toList();
  }

  private static Optional<CertificateRecord> predecessor(
      Registry.Tables tables, CertificateRecord presented, Instant now) {
    return Optional.ofNullable(presented.replaces())
        .flatMap(tables.certificates()::find)
        .filter(record -> record.isLive(now));
  }

  private static boolean isUsed(Registry.Tables tables, CertificateRecord record) {
    return record.usedAt() != null
        || !tables.certificates().renewedFrom(record.serial()).isEmpty();
  }

  /** @return what is to be told once it is on disk */
  private Runnable alarm(
      Registry.Tables tables, CertificateRecord presented, String detail, Instant now) {
    String subject = subject(presented);
    boolean raised =
        tables.alarms().raiseAnew("clone", new DeviceId(name(presented)), subject, detail, now);
    return !raised
        ? () -> {}
        : () -> {
          meters.counter("muster.clone.alarms").increment();
          LOG.warn(
              "Possible clone subject=\"{}\" serial={} reason=\"{}\" (the certificate in use is"
                  + " untouched)",
              subject,
              presented.serial(),
              detail);
        };
  }

  private CertificateRecord issue(
      Registry.Tables tables,
      CertificateRecord presented,
      VerifiedCsr csr,
      Actor actor,
      Instant now) {
    CertificateIssuer issuer = authorities.serviceIssuer();
    StatusPlaces.Place place = places.next(issuer.id());
    IssuedCertificate issued =
        issuer.issue(profile(presented, place.urls()), csr.subjectKey(), now);
    CertificateRecord record = CertificateRecord.issued(
            issuer.id(), presented.role(), null, presented.serial(), now, issued)
        .in(place.shard());
    tables.certificates().insert(record);
    tables
        .audit()
        .append(
            AuditEvent.of(actor, "certificate.issued", objectOf(record))
                .with("subject", subject(record))
                .with("key", record.key())
                .with("notAfter", record.notAfter())
                .with("replaces", presented.serial()),
            now);
    return record;
  }

  private static void tellIssued(CertificateRecord record) {
    LOG.info(
        "Certificate issued subject=\"{}\" serial={} notAfter={} replaces={}",
        subject(record),
        record.serial(),
        record.notAfter(),
        record.replaces());
  }

  private static String objectOf(CertificateRecord record) {
    return "certificate:" + record.serial();
  }

  private static String name(CertificateRecord record) {
    return DistinguishedName.of(record.certificate().getSubjectX500Principal())
        .commonName()
        .orElseThrow(() -> new IllegalStateException("a program without a name"));
  }

  private static String subject(CertificateRecord record) {
    return record.certificate().getSubjectX500Principal().getName();
  }

  private static boolean isRepeated(
      CertificateRecord holder, CertificateRecord presented, Instant now) {
    return presented.serial().equals(holder.replaces()) && holder.isLive(now);
  }

  private static CertificateProfile profile(CertificateRecord presented, StatusUrls status) {
    return CertificateProfile.service(
        name(presented),
        presented.role(),
        DistinguishedName.of(presented.certificate().getSubjectX500Principal())
            .organization()
            .map(FleetName::new)
            .orElse(null),
        // Certificates count whole seconds.
        Duration.between(presented.issuedAt().truncatedTo(SECONDS), presented.notAfter()),
        status);
  }

  private static Optional<String> foreignNames(VerifiedCsr csr, X509Certificate presented) {
    byte[] own = presented.getSubjectX500Principal().getEncoded();
    if (!csr.names().isEmpty() && !Arrays.equals(csr.subject().getEncoded(), own)) {
      return Optional.of("subject: " + Quoted.of(csr.subject().getName())
          + " (expected: empty, or that of the certificate, in the same encoding: "
          + presented.getSubjectX500Principal().getName() + ")");
    }
    return csr.uris().isEmpty()
        ? Optional.empty()
        : Optional.of(
            "subjectAltName: " + Quoted.of(String.join(", ", csr.uris())) + " (expected: absent)");
  }
}
