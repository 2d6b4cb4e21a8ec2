/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.RefusalReason;
import dev.muster.protocol.identity.DeviceSubject;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what was decided, within the transaction in which it was decided. */
final class DecisionRecorder {
  private static final Logger LOG = LoggerFactory.getLogger(DecisionRecorder.class);

  private final CertificateIssuer issuer;
  private final Duration validity;
  private final URI crl;
  private final MeterRegistry meters;

  DecisionRecorder(CertificateIssuer issuer, Duration validity, URI crl, MeterRegistry meters) {
    this.issuer = issuer;
    this.validity = validity;
    this.crl = crl;
    this.meters = meters;
  }

  /** What one transaction came to: the answer, and what is to be told once it is on disk. */
  record Result(EnrollmentOutcome outcome, boolean superseded, Runnable tell) {}

  /** Carries out a decision; what it logs and counts is left for after the commit. */
  Result record(
      Registry.Tables tables,
      EnrollmentRequest request,
      EnrollmentDecision decision,
      Instant now,
      String who) {
    if (decision instanceof EnrollmentDecision.Issue issue) {
      return issue(tables, request, issue, now, who);
    }
    if (decision instanceof EnrollmentDecision.Repeat repeat) {
      CertificateRecord record = repeat.certificate();
      return new Result(
          new EnrollmentOutcome.Issued(record.certificate()),
          false,
          () -> LOG.info(
              "Certificate repeated device={} serial={}", record.device(), record.serial()));
    }
    if (decision instanceof EnrollmentDecision.Defer defer) {
      return defer(tables, request, defer, now);
    }
    if (decision instanceof EnrollmentDecision.Refuse refuse) {
      return refused(who, kind(refuse.reason()), refuse.detail());
    }
    throw new IllegalStateException("unknown decision: " + decision);
  }

  private Result issue(
      Registry.Tables tables,
      EnrollmentRequest request,
      EnrollmentDecision.Issue issue,
      Instant now,
      String who) {
    DeviceSubject subject = issue.subject();
    addDevice(tables, request, subject, DeviceStatus.ACTIVE, now);
    if (!tables.devices().enrolled(subject.device(), now)) {
      // The registrar has looked already; the row says so too, whoever comes to call us.
      return refused(who, Kind.FORBIDDEN, "device: refused or retired by an operator");
    }
    if (request instanceof EnrollmentRequest.First first) {
      // Another than before only if an operator has approved it.
      tables.devices().factoryKey(subject.device(), first.factoryKey());
    }
    X509Certificate certificate = issuer.issue(
        CertificateProfile.device(subject, validity, crl), request.csr().key(), now);
    boolean superseded = issue.supersede() && supersede(tables, subject, now);
    @Nullable String replaces = request instanceof EnrollmentRequest.Renewal renewal
        ? renewal.presented().serial()
        : null;
    CertificateRecord record = CertificateRecord.issued(
        EnrollmentDesk.ISSUER, DeviceSubject.UNIT, subject.device(), replaces, now, certificate);
    tables.certificates().insert(record);
    tables.pending().delete(subject.device(), request.csr().keyFingerprint());
    return new Result(new EnrollmentOutcome.Issued(certificate), superseded, () -> {
      meters
          .counter("muster.certificates.issued", "profile", DeviceSubject.UNIT)
          .increment();
      LOG.info(
          "Certificate issued device={} fleet={} serial={} notAfter={} replaces={}",
          subject.device(),
          subject.fleet(),
          record.serial(),
          record.notAfter(),
          replaces);
    });
  }

  private static boolean supersede(Registry.Tables tables, DeviceSubject subject, Instant now) {
    List<CertificateRecord> live = tables.certificates().of(subject.device()).stream()
        .filter(record -> record.isLive(now))
        .toList();
    live.forEach(record -> tables
        .certificates()
        .update(record.serial(), CertificateStatus.REVOKED, RevocationReason.SUPERSEDED, now));
    return !live.isEmpty();
  }

  private Result defer(
      Registry.Tables tables,
      EnrollmentRequest request,
      EnrollmentDecision.Defer defer,
      Instant now) {
    DeviceSubject subject = defer.subject();
    Fingerprint key = request.csr().keyFingerprint();
    EnrollmentOutcome outcome = new EnrollmentOutcome.Deferred(defer.retryAfter());
    if (tables.pending().find(subject.device(), key).isPresent()) {
      tables.pending().seen(subject.device(), key, now);
      return new Result(
          outcome, false, () -> LOG.debug("Enrollment still waits device={}", subject.device()));
    }
    addDevice(tables, request, subject, DeviceStatus.PENDING, now);
    tables
        .pending()
        .insert(new PendingEnrollment(
            subject.device(), key, PendingEnrollment.State.WAITING, defer.reason(), now, now));
    return new Result(outcome, false, () -> tellDeferred(defer, key));
  }

  private void tellDeferred(EnrollmentDecision.Defer defer, Fingerprint key) {
    meters.counter("muster.enrollments.deferred").increment();
    if (defer.cloneAlarm()) {
      meters.counter("muster.clone.alarms").increment();
      LOG.warn(
          "Possible clone device={} key={} reason=\"{}\" (approve or refuse the device; the one"
              + " enrolled first is untouched)",
          defer.subject().device(),
          key,
          defer.reason());
    } else {
      LOG.info(
          "Enrollment waits for approval device={} key={} reason=\"{}\"",
          defer.subject().device(),
          key,
          defer.reason());
    }
  }

  private static void addDevice(
      Registry.Tables tables,
      EnrollmentRequest request,
      DeviceSubject subject,
      DeviceStatus status,
      Instant now) {
    if (request instanceof EnrollmentRequest.First first
        && tables.devices().find(subject.device()).isEmpty()) {
      tables
          .devices()
          .insert(new DeviceRecord(
              subject.device(),
              subject.fleet(),
              first.manufacturer().name(),
              first.serial(),
              first.factoryKey(),
              status,
              false,
              now,
              null));
    }
  }

  private static Result refused(String who, Kind kind, String detail) {
    return new Result(
        new Refused(kind, detail), false, () -> EnrollmentDesk.refuse(who, kind, detail));
  }

  private static Kind kind(RefusalReason reason) {
    return switch (reason) {
      case BAD_REQUEST -> Kind.BAD_REQUEST;
      case FORBIDDEN -> Kind.FORBIDDEN;
      case TOO_MANY_PENDING -> Kind.TOO_MANY;
    };
  }
}
