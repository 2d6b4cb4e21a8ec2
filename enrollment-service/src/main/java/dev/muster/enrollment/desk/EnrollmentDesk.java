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
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
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
  private final Clock clock;
  private final DecisionRecorder recorder;
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
    this.clock = clock;
    this.recorder = new DecisionRecorder(authorities.deviceIssuer(), validity, crl, meters);
    this.onSuperseded = onSuperseded;
  }

  /**
   * A first certificate for a device with an IDevID (RFC 7030, 4.2.1).
   *
   * @param label the fleet in the URL; null if none
   * @param csr a PKCS#10 request, unverified
   */
  public EnrollmentOutcome enroll(Caller caller, @Nullable FleetName label, byte[] csr) {
    Peer peer = peers.identify(caller.chain(), clock.instant());
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
    LockedRequest first = tables -> {
      tables.devices().lock(factory.manufacturer().name(), factory.serial());
      return request;
    };
    return stripes.locked(
        factory.manufacturer().name() + "/" + factory.serial(),
        () -> retryingOnce(() -> decideAndRecord(first, describe(factory))));
  }

  /**
   * A fresh certificate for a device with an LDevID (RFC 7030, 4.2.2).
   *
   * @param label as in {@link #enroll}
   */
  public EnrollmentOutcome reenroll(Caller caller, @Nullable FleetName label, byte[] csr) {
    Peer peer = peers.identify(caller.chain(), clock.instant());
    if (!(peer instanceof Peer.Operational operational)) {
      return reject(peer, "LDevID");
    }
    String who = "subject=" + readable(operational.ldevid().getSubjectX500Principal());
    Fingerprint presented = Fingerprint.of(operational.ldevid());
    // Whose a certificate is never changes, so this much may be read before the lock.
    Optional<DeviceId> device = registry
        .read(tables -> tables.certificates().findByFingerprint(presented))
        .flatMap(record -> Optional.ofNullable(record.device()));
    if (device.isEmpty()) {
      return refuse(who, Kind.FORBIDDEN, "client certificate: not in the registry");
    }
    CsrCheck check = csrs.verify(csr);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(who, Kind.BAD_REQUEST, refused.message());
    }
    VerifiedCsr verified = ((CsrCheck.Accepted) check).csr();
    LockedRequest renewal = tables -> {
      tables.devices().lock(device.get());
      return new EnrollmentRequest.Renewal(
          tables.certificates().findByFingerprint(presented).orElseThrow(), verified, label);
    };
    return stripes.locked(
        device.get().value(), () -> retryingOnce(() -> decideAndRecord(renewal, who)));
  }

  /**
   * Builds the request inside the transaction, from what stands there once the device's row is
   * locked: whoever retires or revokes meanwhile has either gone before or waits for us.
   */
  private interface LockedRequest {
    EnrollmentRequest in(Registry.Tables tables);
  }

  private EnrollmentOutcome decideAndRecord(LockedRequest locked, String who) {
    Instant now = clock.instant();
    DecisionRecorder.Result result = registry.commit(tables -> {
      EnrollmentRequest request = locked.in(tables);
      EnrollmentDecision decision =
          registrar.decide(request, Facts.gather(tables, request, authorities), now);
      return recorder.record(tables, request, decision, now, who);
    });
    result.tell().run();
    if (result.superseded()) {
      onSuperseded.run();
    }
    return result.outcome();
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

  static Refused refuse(String who, Kind kind, String detail) {
    LOG.warn("Enrollment refused {} reason=\"{}\"", who, detail);
    return new Refused(kind, detail);
  }

  private static String describe(Peer.Factory factory) {
    return "manufacturer=" + factory.manufacturer().name() + " idevid="
        + Quoted.of(factory.serial());
  }

  private static String describe(X509Certificate certificate) {
    return "subject=" + readable(certificate.getSubjectX500Principal())
        + " issuer=" + readable(certificate.getIssuerX500Principal())
        + " fingerprint=" + Fingerprint.of(certificate);
  }

  /** RFC 2253 would print the serial number of a device as hex of its DER. */
  private static String readable(X500Principal name) {
    return Quoted.of(name.getName(X500Principal.RFC2253, Map.of("2.5.4.5", "serialNumber")));
  }
}
