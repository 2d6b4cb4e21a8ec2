/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static dev.muster.enrollment.registrar.Rulings.badRequest;
import static dev.muster.enrollment.registrar.Rulings.defer;
import static dev.muster.enrollment.registrar.Rulings.forbidden;
import static dev.muster.enrollment.registrar.Rulings.repeatOrRefuse;
import static dev.muster.enrollment.registrar.Rulings.wrongLabel;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.EnrollmentDecision.Issue;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import dev.muster.enrollment.registrar.EnrollmentDecision.Supersede;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.DistinguishedName;
import java.time.Instant;
import java.util.Optional;

/**
 * Decides about requests that come with an LDevID (RFC 7030, 4.2.2). Whoever renews a certificate
 * whose successor somebody uses is not alone with it: one of the two has copied its key.
 */
final class Renewal {
  private final boolean keyReuse;

  /** @param keyReuse whether a certificate's successor may have the same key */
  Renewal(boolean keyReuse) {
    this.keyReuse = keyReuse;
  }

  EnrollmentDecision decide(EnrollmentRequest.Renewal request, RegistryFacts facts, Instant now) {
    if (facts.device().isEmpty()) {
      return forbidden("certificate: of no known device");
    }
    DeviceSubject subject = facts.device().get().subject();
    if (request.presented().status() != CertificateStatus.ACTIVE) {
      return takenBack(request.presented(), facts, now);
    }
    if (hasEnded(request.presented(), facts, now)) {
      return forbidden("certificate: expired at " + request.presented().notAfter()
          + " (expected: renewal at most "
          + facts.renewalTerms().grace() + " later; enroll anew, with the IDevID)");
    }
    if (facts.renewalTerms().barred()) {
      return forbidden("device: an operator has barred the renewals of its manufacturer");
    }
    if (isOfAnotherFleet(request.presented(), subject)) {
      // It was revoked when the device changed hands; its name says so as well.
      return forbidden("certificate: not of fleet " + subject.fleet()
          + " (expected: enroll anew, with the IDevID)");
    }
    Optional<EnrollmentDecision> out = Rulings.shutOut(facts);
    if (out.isPresent()) {
      return out.get();
    }
    if (wrongLabel(request, subject)) {
      return forbidden("label: not the fleet of this device");
    }
    Optional<String> changed =
        CsrNames.changed(request.csr(), request.presented().certificate());
    if (changed.isPresent()) {
      return badRequest(changed.get());
    }
    return decideKey(request, facts, subject, now);
  }

  private static boolean isOfAnotherFleet(CertificateRecord presented, DeviceSubject subject) {
    return !DistinguishedName.of(presented.certificate().getSubjectX500Principal())
        .organization()
        .equals(Optional.of(subject.fleet().value()));
  }

  private EnrollmentDecision decideKey(
      EnrollmentRequest.Renewal request, RegistryFacts facts, DeviceSubject subject, Instant now) {
    boolean keepsKey = request.csr().keyFingerprint().equals(request.presented().key());
    if (keepsKey && !keyReuse) {
      return badRequest("publicKey: that of the certificate in use (expected: a new key)");
    }
    if (facts.reservedKey()) {
      return badRequest("publicKey: in use by another (expected: a new key)");
    }
    if (facts.sameKey().isPresent()
        && !(keepsKey && isNewest(request, facts.sameKey().get()))) {
      return repeatOrRefuse(facts.sameKey().get(), subject, now);
    }
    Optional<EnrollmentDecision> refused = Rulings.refusedKey(facts);
    if (refused.isPresent()) {
      return refused.get();
    }
    Optional<PendingEnrollment> pending = facts.pending();
    if (pending.isPresent() && pending.get().state() == PendingEnrollment.State.APPROVED) {
      return new Issue(subject, Supersede.ALL);
    }
    return isPassedOn(request.presented(), facts, now)
        ? defer(facts, subject, now, true, "a certificate whose successor is in use already")
        : new Issue(subject, Supersede.ALL_BUT_PRESENTED);
  }

  /**
   * Whether the device has a newer key that is in use. A successor with which nobody came is none:
   * its answer was lost, and it ends when the next one is issued.
   */
  private static boolean isPassedOn(CertificateRecord presented, RegistryFacts facts, Instant now) {
    return facts.certificates().stream()
        .filter(record -> isRival(record, presented, facts, now))
        .anyMatch(record -> isSuccessor(record, presented)
            ? isUsed(record, facts)
            : record.issuedAt().isAfter(presented.issuedAt()));
  }

  /** Whether it has another key, and may still be renewed: in the grace an ended one, too. */
  private static boolean isRival(
      CertificateRecord record, CertificateRecord presented, RegistryFacts facts, Instant now) {
    return record.status() == CertificateStatus.ACTIVE
        && !hasEnded(record, facts, now)
        && !record.key().equals(presented.key());
  }

  private static boolean hasEnded(CertificateRecord record, RegistryFacts facts, Instant now) {
    return now.isAfter(record.notAfter().plus(facts.renewalTerms().grace()));
  }

  private static boolean isSuccessor(CertificateRecord record, CertificateRecord presented) {
    return presented.serial().equals(record.replaces());
  }

  private static boolean isUsed(CertificateRecord record, RegistryFacts facts) {
    return record.usedAt() != null
        || facts.certificates().stream().anyMatch(next -> isSuccessor(next, record));
  }

  /**
   * One that was superseded has an owner who has another: whoever still comes with it has a copy.
   */
  private static EnrollmentDecision takenBack(
      CertificateRecord presented, RegistryFacts facts, Instant now) {
    boolean passedOn = presented.reason() == RevocationReason.SUPERSEDED
        && facts.certificates().stream().anyMatch(record -> isRival(record, presented, facts, now));
    return new Refuse(
        RefusalReason.FORBIDDEN,
        "certificate: " + presented.status().label(),
        passedOn
            ? Optional.of("a certificate that was superseded by one with another key")
            : Optional.empty(),
        Optional.empty());
  }

  /** Otherwise the key has a successor of this certificate already, which its owner lost. */
  private static boolean isNewest(
      EnrollmentRequest.Renewal request, CertificateRecord newestWithKey) {
    return newestWithKey.serial().equals(request.presented().serial());
  }
}
