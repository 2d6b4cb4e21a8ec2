/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.Devices;
import dev.muster.enrollment.inventory.Identification;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.enrollment.registrar.RefusalReason;
import dev.muster.enrollment.registrar.RegistryFacts;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what was decided, within the transaction in which it was decided. */
final class DecisionRecorder {
  private static final Logger LOG = LoggerFactory.getLogger(DecisionRecorder.class);

  private final Supplier<CertificateIssuer> issuers;
  private final Profiles profiles;
  private final StatusPlaces places;
  private final MeterRegistry meters;

  DecisionRecorder(
      Supplier<CertificateIssuer> issuers,
      Profiles profiles,
      StatusPlaces places,
      MeterRegistry meters) {
    this.issuers = issuers;
    this.profiles = profiles;
    this.places = places;
    this.meters = meters;
  }

  /** What one transaction came to: the answer, and what is to be told once it is on disk. */
  record Result(EnrollmentOutcome outcome, boolean superseded, Runnable tell) {
    /** Of a request about which nothing was decided. */
    static Result undecided(EnrollmentOutcome outcome) {
      return new Result(outcome, false, () -> {});
    }

    private Result andTell(Runnable more) {
      return new Result(outcome, superseded, () -> {
        tell.run();
        more.run();
      });
    }
  }

  /**
   * A request with everything that its decision was made from.
   *
   * @param actor who sent it
   */
  record Case(
      Registry.Tables tables,
      EnrollmentRequest request,
      RegistryFacts facts,
      Actor actor,
      Instant now) {
    AuditEvent event(String action, String object) {
      return AuditEvent.of(actor, action, object).with("key", request.csr().keyFingerprint());
    }

    void audit(AuditEvent event) {
      tables.audit().append(event, now);
    }
  }

  /** Carries out a decision; what it logs and counts is left for after the commit. */
  Result record(Case open, EnrollmentDecision decision) {
    if (decision instanceof EnrollmentDecision.Issue issue) {
      return issue(open, issue);
    }
    if (decision instanceof EnrollmentDecision.Repeat repeat) {
      return repeat(open, repeat.certificate());
    }
    if (decision instanceof EnrollmentDecision.Defer defer) {
      return defer(open, defer);
    }
    if (decision instanceof EnrollmentDecision.Refuse refuse) {
      return refuse(open, refuse);
    }
    throw new IllegalStateException("unknown decision: " + decision);
  }

  private Result issue(Case open, EnrollmentDecision.Issue issue) {
    DeviceSubject subject = issue.subject();
    Optional<DeviceRecord> newcomer = newcomer(open, subject, DeviceStatus.ACTIVE, open.now);
    if (newcomer.isEmpty() && !admit(open, subject)) {
      // The registrar has looked already; the row says so too, whoever comes to call us.
      return refuse(open, Kind.FORBIDDEN, "device: refused or retired by an operator");
    }
    DeviceProfile profile = profiles.of(open.request);
    CertificateIssuer issuer = issuers.get();
    StatusPlaces.Place place = places.next(issuer.id());
    IssuedCertificate certificate = issuer.issue(
        CertificateProfile.device(subject, profile.validity(), place.urls()),
        open.request.csr().subjectKey(),
        open.now);
    boolean superseded = supersede(open, issue);
    @Nullable String replaces = presented(open);
    CertificateRecord record = CertificateRecord.issued(
            issuer.id(), DeviceSubject.UNIT, subject.device(), replaces, open.now, certificate)
        .under(profile.name())
        .in(place.shard());
    if (newcomer.isPresent()) {
      add(open, newcomer.get(), devices -> devices.insert(newcomer.get(), record));
    } else {
      open.tables.certificates().insert(record);
    }
    if (open.facts.pending().isPresent()) {
      open.tables.pending().delete(subject.device(), record.key());
    }
    open.audit(open.event("certificate.issued", objectOf(subject))
        .with("serial", record.serial())
        .with("fleet", subject.fleet())
        .with("profile", profile.name())
        .with("notAfter", record.notAfter())
        .with("replaces", replaces)
        .with("claim", useClaim(open, subject))
        .with("superseded", superseded ? "true" : null));
    return new Result(
        new EnrollmentOutcome.Issued(certificate), superseded, () -> tellIssued(record, subject));
  }

  /** @return the id of the claim token that was used up; null if none was */
  private static @Nullable String useClaim(Case open, DeviceSubject subject) {
    ClaimRecord claim =
        open.request instanceof EnrollmentRequest.First first ? first.claim().token() : null;
    if (claim == null || claim.usedAt() != null) {
      return null;
    }
    Fingerprint key = open.request.csr().keyFingerprint();
    if (!open.tables.claims().use(claim.id(), subject.device(), key, open.now)) {
      throw new IllegalStateException("claim " + claim.id() + " was used in this very transaction");
    }
    return claim.id();
  }

  private void tellIssued(CertificateRecord record, DeviceSubject subject) {
    meters.counter("muster.certificates.issued", "profile", DeviceSubject.UNIT).increment();
    LOG.info(
        "Certificate issued device={} fleet={} profile={} serial={} notAfter={} replaces={}",
        subject.device(),
        subject.fleet(),
        record.profile(),
        record.serial(),
        record.notAfter(),
        record.replaces());
  }

  /** @return false if an operator has shut the device out; then nothing has changed */
  private static boolean admit(Case open, DeviceSubject subject) {
    boolean asItIs = open.facts.device().map(DeviceRecord::isEnrolled).orElse(false);
    if (!asItIs && !open.tables.devices().enrolled(subject.device(), open.now)) {
      return false;
    }
    if (!open.facts.device().map(DeviceRecord::fleet).equals(Optional.of(subject.fleet()))) {
      open.tables.manufacturers().changing();
      open.tables.devices().fleet(subject.device(), subject.fleet());
    }
    if (open.request instanceof EnrollmentRequest.First first && first.factoryKey() != null) {
      // Another than before only if an operator has approved it.
      open.tables.devices().factoryKey(subject.device(), first.factoryKey());
    }
    return true;
  }

  private static boolean supersede(Case open, EnrollmentDecision.Issue issue) {
    if (issue.supersede() == EnrollmentDecision.Supersede.NONE) {
      return false;
    }
    @Nullable String kept = issue.supersede() == EnrollmentDecision.Supersede.ALL_BUT_PRESENTED
        ? presented(open)
        : null;
    List<CertificateRecord> over = open.facts.certificates().stream()
        .filter(record -> mayBeUsed(record, open.now) && !record.serial().equals(kept))
        .toList();
    over.forEach(
        record -> supersede(open.tables, record, objectOf(issue.subject()), open.actor, open.now));
    return !over.isEmpty();
  }

  /** One on hold would be as good as the new one as soon as somebody releases it. */
  private static boolean mayBeUsed(CertificateRecord record, Instant now) {
    return record.status() != CertificateStatus.REVOKED && now.isBefore(record.notAfter());
  }

  static void supersede(
      Registry.Tables tables, CertificateRecord record, String object, Actor actor, Instant now) {
    tables
        .certificates()
        .update(record.serial(), CertificateStatus.REVOKED, RevocationReason.SUPERSEDED, now);
    tables
        .audit()
        .append(
            AuditEvent.of(actor, "certificate.revoked", object)
                .with("serial", record.serial())
                .with("before", record.status().label())
                .with("reason", RevocationReason.SUPERSEDED.label()),
            now);
  }

  /** The serial number of the certificate that is renewed; null if none is. */
  private static @Nullable String presented(Case open) {
    return open.request instanceof EnrollmentRequest.Renewal renewal
        ? renewal.presented().serial()
        : null;
  }

  private static Result repeat(Case open, CertificateRecord record) {
    open.audit(open.event("certificate.repeated", "device:" + record.device())
        .with("serial", record.serial()));
    return new Result(
        new EnrollmentOutcome.Issued(record.stored()),
        false,
        () ->
            LOG.info("Certificate repeated device={} serial={}", record.device(), record.serial()));
  }

  private Result defer(Case open, EnrollmentDecision.Defer defer) {
    DeviceSubject subject = defer.subject();
    Fingerprint key = open.request.csr().keyFingerprint();
    EnrollmentOutcome outcome = new EnrollmentOutcome.Deferred(defer.retryAfter());
    Optional<PendingEnrollment> pending = open.facts.pending();
    if (pending.isPresent()) {
      open.tables.pending().seen(subject.device(), key, defer.reason(), open.now);
      Result waits = new Result(
          outcome, false, () -> LOG.debug("Enrollment still waits device={}", subject.device()));
      // What was harmless when it came need not be so any more: another may have been let in.
      return defer.cloneAlarm() && !pending.get().reason().equals(defer.reason())
          ? alarm(open, defer, waits)
          : waits;
    }
    newcomer(open, subject, DeviceStatus.PENDING, null)
        .ifPresent(device -> add(open, device, devices -> devices.insert(device)));
    open.tables
        .pending()
        .insert(PendingEnrollment.waiting(subject.device(), key, defer.reason(), open.now));
    if (defer.cloneAlarm()) {
      open.tables.alarms().raise("clone", subject.device(), defer.reason(), open.now);
    }
    open.audit(open.event("enrollment.deferred", objectOf(subject))
        .with("reason", defer.reason())
        .with("clone", defer.cloneAlarm() ? "possible" : null));
    return alarmHolder(
        open, defer.holder(), new Result(outcome, false, () -> tellDeferred(defer, key)));
  }

  /** A key that waits already turns out to be a second one. */
  private Result alarm(Case open, EnrollmentDecision.Defer defer, Result result) {
    DeviceId device = defer.subject().device();
    open.audit(open.event("enrollment.deferred", objectOf(defer.subject()))
        .with("reason", defer.reason())
        .with("clone", "possible"));
    boolean raised = open.tables.alarms().raiseAnew("clone", device, defer.reason(), open.now);
    return alarmHolder(
        open,
        defer.holder(),
        raised ? result.andTell(() -> tellClone(device, defer.reason())) : result);
  }

  /** Of two devices with one IDevID's key, the operators of the other one are told, too. */
  private Result alarmHolder(Case open, Optional<DeviceId> holder, Result result) {
    if (holder.isEmpty() || !(open.request instanceof EnrollmentRequest.First first)) {
      return result;
    }
    String alarm = "another serial number came with the key of its IDevID (SHA-256 "
        + first.factoryKey() + ")";
    DeviceId id = holder.get();
    boolean raised = open.tables.alarms().raiseAnew("clone", id, alarm, open.now);
    return raised ? result.andTell(() -> tellClone(id, alarm)) : result;
  }

  private void tellDeferred(EnrollmentDecision.Defer defer, Fingerprint key) {
    meters.counter("muster.enrollments.deferred").increment();
    if (defer.cloneAlarm()) {
      tellClone(defer.subject().device(), defer.reason());
    }
    LOG.info(
        "Enrollment waits for approval device={} key={} reason=\"{}\"",
        defer.subject().device(),
        key,
        defer.reason());
  }

  private void tellClone(DeviceId device, String reason) {
    meters.counter("muster.clone.alarms").increment();
    LOG.warn(
        "Possible clone device={} reason=\"{}\" (the certificate in use is untouched)",
        device,
        reason);
  }

  /** A device begins with the tags that its manifest gives it. */
  private static void add(Case open, DeviceRecord device, Consumer<Devices> insert) {
    if (open.request instanceof EnrollmentRequest.First first
        && first.hook() instanceof HookVerdict.Allow allow
        && allow.fleet() != null
        && !open.tables.devices().isFleet(allow.fleet())) {
      // Nobody else has named it, and it is a label (RFC 7030, 3.2.2) from now on.
      open.tables.manufacturers().changing();
    }
    insert.accept(open.tables.devices());
    open.facts
        .announced()
        .ifPresent(entry -> entry
            .namedTags()
            .forEach((name, value) -> open.tables.labels().tag(device.id(), new Tag(name, value))));
  }

  /** The row of a device that has none yet. */
  private static Optional<DeviceRecord> newcomer(
      Case open, DeviceSubject subject, DeviceStatus status, @Nullable Instant enrolledAt) {
    return open.facts.device().isEmpty() && open.request instanceof EnrollmentRequest.First first
        ? Optional.of(new DeviceRecord(
            subject.device(),
            subject.fleet(),
            first.manufacturer().name(),
            first.serial(),
            first.factoryKey(),
            status,
            NextKey.JUDGED,
            open.now,
            enrolledAt,
            0,
            identification(first)))
        : Optional.empty();
  }

  private static Identification identification(EnrollmentRequest.First first) {
    if (first.factoryKey() == null) {
      return Identification.CLAIM;
    }
    return first.claim().token() == null ? Identification.IDEVID : Identification.BOTH;
  }

  private Result refuse(Case open, EnrollmentDecision.Refuse refuse) {
    Result result =
        alarmHolder(open, refuse.holder(), refuse(open, kind(refuse.reason()), refuse.detail()));
    Optional<DeviceRecord> device = open.facts.device();
    if (refuse.cloneAlarm().isEmpty() || device.isEmpty()) {
      return result;
    }
    DeviceId id = device.get().id();
    String alarm = refuse.cloneAlarm().get();
    boolean raised = open.tables.alarms().raiseAnew("clone", id, alarm, open.now);
    return !raised ? result : result.andTell(() -> tellClone(id, alarm));
  }

  private static Result refuse(Case open, Kind kind, String detail) {
    String object =
        open.facts.device().map(device -> objectOf(device.subject())).orElse(open.actor.name());
    open.audit(open.event("enrollment.refused", object).with("reason", detail));
    return new Result(
        new Refused(kind, detail), false, () -> EnrollmentDesk.tellRefused(open.actor, detail));
  }

  private static String objectOf(DeviceSubject subject) {
    return "device:" + subject.device();
  }

  private static Kind kind(RefusalReason reason) {
    return switch (reason) {
      case BAD_REQUEST -> Kind.BAD_REQUEST;
      case FORBIDDEN -> Kind.FORBIDDEN;
      case UNAUTHENTICATED -> Kind.UNAUTHENTICATED;
      case TOO_MANY_PENDING -> Kind.TOO_MANY;
    };
  }
}
