/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.CsrVerifier;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.RefusalReason;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves those who ask for a certificate: finds out who asks, lets the registrar decide, records,
 * and only then hands out.
 *
 * <p>Thread-safe; blocks on the database and signs, so never call it on an event loop.
 */
public final class EnrollmentDesk {
  private static final Logger LOG = LoggerFactory.getLogger(EnrollmentDesk.class);

  /** The issuer label of LDevIDs. */
  public static final String ISSUER = "device";

  private final Registry registry;
  private final PeerVerifier peers;
  private final CertificateAuthorities authorities;
  private final Registrar registrar;
  private final Duration validity;
  private final URI crl;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Runnable onSuperseded;
  private final CsrVerifier csrs = new CsrVerifier();
  private final Stripes stripes = new Stripes();

  /**
   * @param validity of LDevIDs
   * @param crl where the CRL of the device CA is to be had
   * @param onSuperseded called when certificates were taken back in the course of an enrollment
   */
  public EnrollmentDesk(
      Registry registry,
      TrustView trust,
      CertificateAuthorities authorities,
      Registrar registrar,
      Duration validity,
      URI crl,
      Clock clock,
      MeterRegistry meters,
      Runnable onSuperseded) {
    this.registry = registry;
    this.peers = new PeerVerifier(trust, authorities);
    this.authorities = authorities;
    this.registrar = registrar;
    this.validity = validity;
    this.crl = crl;
    this.clock = clock;
    this.meters = meters;
    this.onSuperseded = onSuperseded;
  }

  /**
   * A first certificate for a device with an IDevID (RFC 7030, 4.2.1).
   *
   * @param chain what the peer showed over TLS; empty if nothing
   * @param label the fleet in the URL; null if none
   * @param csr a PKCS#10 request, unverified
   */
  public EnrollmentOutcome enroll(
      List<X509Certificate> chain, @Nullable FleetName label, byte[] csr) {
    Peer peer = peers.identify(chain, clock.instant());
    if (!(peer instanceof Peer.Factory factory)) {
      return reject(peer, "IDevID");
    }
    CsrCheck check = csrs.verify(csr);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(describe(factory), Kind.BAD_REQUEST, refused.message());
    }
    VerifiedCsr verified = ((CsrCheck.Accepted) check).csr();
    EnrollmentRequest.First request = new EnrollmentRequest.First(
        factory.manufacturer(),
        factory.serial(),
        Fingerprint.of(factory.idevid().getPublicKey()),
        factory.names(),
        verified,
        label);
    return stripes.locked(
        factory.manufacturer().name() + "/" + factory.serial(),
        () -> retryingOnce(() -> decideAndRecord(request, describe(factory))));
  }

  /**
   * A fresh certificate for a device with an LDevID (RFC 7030, 4.2.2).
   *
   * @param chain as in {@link #enroll}
   */
  public EnrollmentOutcome reenroll(
      List<X509Certificate> chain, @Nullable FleetName label, byte[] csr) {
    Peer peer = peers.identify(chain, clock.instant());
    if (!(peer instanceof Peer.Operational operational)) {
      return reject(peer, "LDevID");
    }
    String who =
        "subject=" + Quoted.of(operational.ldevid().getSubjectX500Principal().getName());
    Optional<CertificateRecord> presented = registry.read(
        tables -> tables.certificates().findByFingerprint(Fingerprint.of(operational.ldevid())));
    if (presented.isEmpty() || presented.get().device() == null) {
      return refuse(who, Kind.FORBIDDEN, "client certificate: not in the registry");
    }
    CsrCheck check = csrs.verify(csr);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(who, Kind.BAD_REQUEST, refused.message());
    }
    VerifiedCsr verified = ((CsrCheck.Accepted) check).csr();
    return stripes.locked(
        String.valueOf(presented.get().device()),
        () -> retryingOnce(() -> decideAndRecord(
            new EnrollmentRequest.Renewal(current(presented.get()), verified, label), who)));
  }

  /** Read again under the lock: it may have been revoked meanwhile. */
  private CertificateRecord current(CertificateRecord record) {
    return registry.read(tables -> tables.certificates().find(record.serial()).orElse(record));
  }

  /** What one transaction came to: the answer, and what is to be told once it is on disk. */
  private record Result(EnrollmentOutcome outcome, boolean superseded, Runnable tell) {}

  private EnrollmentOutcome decideAndRecord(EnrollmentRequest request, String who) {
    Instant now = clock.instant();
    Result result = registry.commit(tables -> {
      EnrollmentDecision decision =
          registrar.decide(request, Facts.gather(tables, request, authorities), now);
      return carryOut(tables, request, decision, now, who);
    });
    result.tell.run();
    if (result.superseded) {
      onSuperseded.run();
    }
    return result.outcome;
  }

  private Result carryOut(
      Registry.Tables tables,
      EnrollmentRequest request,
      EnrollmentDecision decision,
      Instant now,
      String who) {
    if (decision instanceof EnrollmentDecision.Issue issue) {
      return issue(tables, request, issue, now);
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
      Kind kind = kind(refuse.reason());
      return new Result(
          new Refused(kind, refuse.detail()), false, () -> refuse(who, kind, refuse.detail()));
    }
    throw new IllegalStateException("unknown decision: " + decision);
  }

  private Result issue(
      Registry.Tables tables,
      EnrollmentRequest request,
      EnrollmentDecision.Issue issue,
      Instant now) {
    DeviceSubject subject = issue.subject();
    X509Certificate certificate = authorities
        .deviceIssuer()
        .issue(CertificateProfile.device(subject, validity, crl), request.csr().key(), now);
    addDevice(tables, request, subject, DeviceStatus.ACTIVE, now);
    boolean superseded = issue.supersede() && supersede(tables, subject, now);
    @Nullable String replaces = request instanceof EnrollmentRequest.Renewal renewal
        ? renewal.presented().serial()
        : null;
    CertificateRecord record = CertificateRecord.issued(
        ISSUER, DeviceSubject.UNIT, subject.device(), replaces, now, certificate);
    tables.certificates().insert(record);
    tables.devices().enrolled(subject.device(), now);
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

  private interface Attempt {
    EnrollmentOutcome run();
  }

  /** Two requests may race for one name or one key: the second look sees what the first one did. */
  private static EnrollmentOutcome retryingOnce(Attempt attempt) {
    try {
      return attempt.run();
    } catch (UnableToExecuteStatementException e) {
      LOG.debug("Enrollment raced with another, looking again");
      return attempt.run();
    }
  }

  private EnrollmentOutcome reject(Peer peer, String expected) {
    if (peer instanceof Peer.Anonymous) {
      LOG.info("Enrollment refused reason=\"no client certificate\"");
      return new Refused(
          Kind.UNAUTHENTICATED,
          "client certificate: none (expected: the device's " + expected + ")");
    }
    if (peer instanceof Peer.Rejected rejected) {
      return refuse(describe(rejected.certificate()), Kind.UNAUTHENTICATED, rejected.reason());
    }
    if (peer instanceof Peer.Service service) {
      return refuse(
          describe(service.certificate()),
          Kind.FORBIDDEN,
          "client certificate: of a service (expected: the device's " + expected + ")");
    }
    if (peer instanceof Peer.Operational operational) {
      return refuse(
          describe(operational.ldevid()),
          Kind.FORBIDDEN,
          "client certificate: an LDevID (expected: the device's IDevID; renew with simplereenroll)");
    }
    if (peer instanceof Peer.Factory factory) {
      return refuse(
          describe(factory),
          Kind.FORBIDDEN,
          "client certificate: an IDevID (expected: the device's LDevID; enroll with simpleenroll)");
    }
    throw new IllegalStateException("unknown peer: " + peer);
  }

  private static Refused refuse(String who, Kind kind, String detail) {
    LOG.warn("Enrollment refused {} reason=\"{}\"", who, detail);
    return new Refused(kind, detail);
  }

  private static String describe(Peer.Factory factory) {
    return "manufacturer=" + factory.manufacturer().name() + " idevid="
        + Quoted.of(factory.serial());
  }

  private static String describe(X509Certificate certificate) {
    return "subject=" + Quoted.of(certificate.getSubjectX500Principal().getName())
        + " issuer=" + Quoted.of(certificate.getIssuerX500Principal().getName())
        + " fingerprint=" + Fingerprint.of(certificate);
  }

  private static Kind kind(RefusalReason reason) {
    return switch (reason) {
      case BAD_REQUEST -> Kind.BAD_REQUEST;
      case FORBIDDEN -> Kind.FORBIDDEN;
      case TOO_MANY_PENDING -> Kind.TOO_MANY;
    };
  }
}
