/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.registrar.EnrollmentDecision.Defer;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import dev.muster.enrollment.registrar.EnrollmentDecision.Repeat;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What first requests and renewals are told alike. */
final class Rulings {
  private static final Duration MIN_RETRY = Duration.ofSeconds(5);
  private static final Duration MAX_RETRY = Duration.ofMinutes(15);

  private Rulings() {}

  static EnrollmentDecision repeatOrRefuse(
      CertificateRecord certificate, DeviceSubject subject, Instant now) {
    if (!subject.device().equals(certificate.device())) {
      return badRequest("publicKey: in use by another (expected: a new key)");
    }
    return certificate.isLive(now)
        ? new Repeat(certificate)
        : badRequest("publicKey: its certificate has ended (expected: a new key)");
  }

  static Optional<EnrollmentDecision> shutOut(RegistryFacts facts) {
    return facts
        .device()
        .map(DeviceRecord::status)
        .filter(status -> status == DeviceStatus.REFUSED || status == DeviceStatus.RETIRED)
        .map(status -> forbidden("device: " + status.label() + " by an operator"
            + (status == DeviceStatus.REFUSED ? remark(facts) : "")));
  }

  /** If the key that is shown was refused. */
  static Optional<EnrollmentDecision> refusedKey(RegistryFacts facts) {
    return facts
        .pending()
        .filter(pending -> pending.state() == PendingEnrollment.State.REFUSED)
        .map(pending -> forbidden("publicKey: refused by an operator" + remark(facts)));
  }

  /** What the operator said when he refused the very key that is shown. */
  private static String remark(RegistryFacts facts) {
    return facts
        .pending()
        .filter(pending -> pending.state() == PendingEnrollment.State.REFUSED)
        .map(PendingEnrollment::remark)
        .map(remark -> ": " + remark)
        .orElse("");
  }

  static EnrollmentDecision defer(
      RegistryFacts facts, DeviceSubject subject, Instant now, boolean cloneAlarm, String reason) {
    if (facts.pending().isEmpty() && facts.waitingKeys() >= Registrar.MAX_WAITING_KEYS) {
      return new Refuse(
          RefusalReason.TOO_MANY_PENDING,
          "device: " + facts.waitingKeys() + " keys wait for an operator already",
          cloneAlarm ? Optional.of(reason) : Optional.empty(),
          Optional.empty());
    }
    Instant since = facts.pending().map(PendingEnrollment::since).orElse(now);
    Duration patience = Duration.between(since, now).dividedBy(4);
    Duration retryAfter = patience.compareTo(MIN_RETRY) < 0
        ? MIN_RETRY
        : patience.compareTo(MAX_RETRY) > 0 ? MAX_RETRY : patience;
    return new Defer(subject, retryAfter, cloneAlarm, reason, Optional.empty());
  }

  static boolean wrongLabel(EnrollmentRequest request, DeviceSubject subject) {
    FleetName fleet = request.label().fleet();
    return fleet != null && !subject.fleet().equals(fleet);
  }

  static EnrollmentDecision badRequest(String detail) {
    return new Refuse(RefusalReason.BAD_REQUEST, detail);
  }

  static EnrollmentDecision forbidden(String detail) {
    return new Refuse(RefusalReason.FORBIDDEN, detail);
  }
}
