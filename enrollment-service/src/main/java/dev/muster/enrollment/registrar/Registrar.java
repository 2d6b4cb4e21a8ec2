/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.EnrollmentDecision.Defer;
import dev.muster.enrollment.registrar.EnrollmentDecision.Issue;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import dev.muster.enrollment.registrar.EnrollmentDecision.Repeat;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides who gets a certificate, and in which name. The name comes from the registry, where the
 * IDevID's manufacturer and serial number are the key; a name in a request can only be right or
 * wrong.
 *
 * <p>Pure and thread-safe: no clock, no database, no network.
 */
public final class Registrar {
  /** How many keys of one device may wait: a device that asks with ever new keys is broken. */
  public static final int MAX_WAITING_KEYS = 8;

  /** How many live certificates one device may gather by renewing from old ones. */
  static final int MAX_LIVE_CERTIFICATES = 8;

  private static final Duration MIN_RETRY = Duration.ofSeconds(5);
  private static final Duration MAX_RETRY = Duration.ofMinutes(15);

  private final FleetName defaultFleet;

  public Registrar(FleetName defaultFleet) {
    this.defaultFleet = requireNonNull(defaultFleet, "defaultFleet");
  }

  /**
   * The id of a device: the manifest's, or {@code <manufacturer>-<serial>} in lower case.
   *
   * @return empty if the serial number makes no device id
   */
  public static Optional<DeviceId> deviceId(
      Manufacturer manufacturer, String serial, Optional<ManifestEntry> announced) {
    Optional<DeviceId> given = announced.flatMap(entry -> Optional.ofNullable(entry.device()));
    if (given.isPresent()) {
      return given;
    }
    // Only ASCII may fall to lower case: U+212A, the Kelvin sign, would become a plain k.
    boolean ascii = serial.chars().allMatch(c -> c < 0x80);
    String id = Manufacturer.template(manufacturer.name(), serial);
    return ascii && DeviceId.isValid(id) ? Optional.of(new DeviceId(id)) : Optional.empty();
  }

  /** Decides about a request. */
  public EnrollmentDecision decide(EnrollmentRequest request, RegistryFacts facts, Instant now) {
    if (request instanceof EnrollmentRequest.First first) {
      return decideFirst(first, facts, now);
    }
    if (request instanceof EnrollmentRequest.Renewal renewal) {
      return decideRenewal(renewal, facts, now);
    }
    throw new IllegalStateException("unknown request: " + request);
  }

  private EnrollmentDecision decideFirst(
      EnrollmentRequest.First request, RegistryFacts facts, Instant now) {
    Optional<DeviceId> id = facts
        .device()
        .map(DeviceRecord::id)
        .or(() -> deviceId(request.manufacturer(), request.serial(), facts.announced()));
    if (id.isEmpty()) {
      return forbidden("IDevID serialNumber: " + Quoted.of(request.serial())
          + " (expected: 1 to 63 of [A-Za-z0-9._-] together with the manufacturer's name)");
    }
    DeviceSubject subject = new DeviceSubject(fleet(request, facts), id.get());
    Optional<EnrollmentDecision> refusal = firstRefusal(request, facts, subject);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (facts.sameKey().isPresent()) {
      return repeatOrRefuse(facts.sameKey().get(), subject, now);
    }
    return admit(request, facts, subject, now);
  }

  private Optional<EnrollmentDecision> firstRefusal(
      EnrollmentRequest.First request, RegistryFacts facts, DeviceSubject subject) {
    Optional<String> foreign =
        CsrNames.foreign(request.csr(), subject, request.serial(), request.ownNames());
    if (foreign.isPresent()) {
      return Optional.of(badRequest(foreign.get()));
    }
    if (request.csr().keyFingerprint().equals(request.factoryKey())) {
      return Optional.of(badRequest("publicKey: the key of the IDevID (expected: a new key)"));
    }
    if (facts.reservedKey()) {
      return Optional.of(badRequest("publicKey: in use by another (expected: a new key)"));
    }
    if (facts.idTaken()) {
      return Optional.of(forbidden("device id: \"" + subject.device()
          + "\" belongs to another device (expected: a serial number that makes a new name)"));
    }
    if (wrongLabel(request, subject)) {
      return Optional.of(forbidden("label: not the fleet of this device"));
    }
    return facts.device().flatMap(Registrar::shutOut);
  }

  private EnrollmentDecision admit(
      EnrollmentRequest.First request, RegistryFacts facts, DeviceSubject subject, Instant now) {
    Optional<PendingEnrollment> pending = facts.pending();
    if (pending.isPresent() && pending.get().state() == PendingEnrollment.State.REFUSED) {
      return forbidden("publicKey: refused by an operator");
    }
    if (pending.isPresent() && pending.get().state() == PendingEnrollment.State.APPROVED) {
      return new Issue(subject, true);
    }
    if (facts.device().isPresent()
        && !facts.device().get().factoryKey().equals(request.factoryKey())) {
      return defer(
          facts,
          subject,
          now,
          true,
          "a second IDevID, with another key, for the same manufacturer and serial number");
    }
    if (facts.device().map(DeviceRecord::released).orElse(false)) {
      return new Issue(subject, true);
    }
    if (facts.certificates().stream().anyMatch(certificate -> certificate.isLive(now))) {
      return defer(facts, subject, now, true, "a second key for a device that has a certificate");
    }
    if (endedBadly(facts.certificates())) {
      return defer(facts, subject, now, false, "its last certificate was revoked or is on hold");
    }
    return switch (request.manufacturer().admission()) {
      case AUTO -> new Issue(subject, false);
      case REGISTERED ->
        facts.announced().isPresent()
            ? new Issue(subject, false)
            : forbidden("IDevID serialNumber: " + Quoted.of(request.serial())
                + " was not announced (expected: listed in a manifest of its manufacturer)");
      case MANUAL ->
        defer(facts, subject, now, false, "its manufacturer's devices need an approval");
    };
  }

  /**
   * Whoever was cut off does not come back by itself with a new key; the newest certificate tells.
   */
  private static boolean endedBadly(List<CertificateRecord> certificates) {
    return certificates.stream()
        .max(Comparator.comparing(CertificateRecord::issuedAt))
        .map(newest -> newest.status() == CertificateStatus.HELD
            || newest.status() == CertificateStatus.REVOKED
                && newest.reason() != RevocationReason.SUPERSEDED)
        .orElse(false);
  }

  private EnrollmentDecision decideRenewal(
      EnrollmentRequest.Renewal request, RegistryFacts facts, Instant now) {
    if (facts.device().isEmpty()) {
      return forbidden("certificate: of no known device");
    }
    DeviceSubject subject = facts.device().get().subject();
    if (request.presented().status() != CertificateStatus.ACTIVE) {
      return forbidden("certificate: " + request.presented().status().label());
    }
    Optional<EnrollmentDecision> out = facts.device().flatMap(Registrar::shutOut);
    if (out.isPresent()) {
      return out.get();
    }
    if (wrongLabel(request, subject)) {
      return forbidden("label: not the fleet of this device");
    }
    Optional<String> changed = CsrNames.changed(request.csr(), subject);
    if (changed.isPresent()) {
      return badRequest(changed.get());
    }
    return decideRenewalKey(request, facts, subject, now);
  }

  private EnrollmentDecision decideRenewalKey(
      EnrollmentRequest.Renewal request, RegistryFacts facts, DeviceSubject subject, Instant now) {
    if (request.csr().keyFingerprint().equals(request.presented().key())) {
      return badRequest("publicKey: that of the certificate in use (expected: a new key)");
    }
    if (facts.reservedKey()) {
      return badRequest("publicKey: in use by another (expected: a new key)");
    }
    if (facts.sameKey().isPresent()) {
      return repeatOrRefuse(facts.sameKey().get(), subject, now);
    }
    Optional<PendingEnrollment> pending = facts.pending();
    if (pending.isPresent() && pending.get().state() == PendingEnrollment.State.REFUSED) {
      return forbidden("publicKey: refused by an operator");
    }
    boolean approved =
        pending.isPresent() && pending.get().state() == PendingEnrollment.State.APPROVED;
    long live =
        facts.certificates().stream().filter(record -> record.isLive(now)).count();
    if (live >= MAX_LIVE_CERTIFICATES && !approved) {
      return defer(facts, subject, now, true, "it has " + live + " live certificates already");
    }
    return new Issue(subject, approved);
  }

  private static EnrollmentDecision repeatOrRefuse(
      CertificateRecord certificate, DeviceSubject subject, Instant now) {
    if (!subject.device().equals(certificate.device())) {
      return badRequest("publicKey: in use by another (expected: a new key)");
    }
    return certificate.isLive(now)
        ? new Repeat(certificate)
        : badRequest("publicKey: its certificate has ended (expected: a new key)");
  }

  private static Optional<EnrollmentDecision> shutOut(DeviceRecord device) {
    boolean out =
        device.status() == DeviceStatus.REFUSED || device.status() == DeviceStatus.RETIRED;
    return out
        ? Optional.of(forbidden("device: " + device.status().label() + " by an operator"))
        : Optional.empty();
  }

  private static EnrollmentDecision defer(
      RegistryFacts facts, DeviceSubject subject, Instant now, boolean cloneAlarm, String reason) {
    if (facts.pending().isEmpty() && facts.waitingKeys() >= MAX_WAITING_KEYS) {
      return new Refuse(
          RefusalReason.TOO_MANY_PENDING,
          "device: " + facts.waitingKeys() + " keys wait for an operator already");
    }
    Instant since = facts.pending().map(PendingEnrollment::since).orElse(now);
    Duration patience = Duration.between(since, now).dividedBy(4);
    Duration retryAfter = patience.compareTo(MIN_RETRY) < 0
        ? MIN_RETRY
        : patience.compareTo(MAX_RETRY) > 0 ? MAX_RETRY : patience;
    return new Defer(subject, retryAfter, cloneAlarm, reason);
  }

  private FleetName fleet(EnrollmentRequest.First request, RegistryFacts facts) {
    if (facts.device().isPresent()) {
      return facts.device().get().fleet();
    }
    @Nullable FleetName announced = facts.announced().map(ManifestEntry::fleet).orElse(null);
    if (announced != null) {
      return announced;
    }
    @Nullable FleetName ofManufacturer = request.manufacturer().fleet();
    return ofManufacturer == null ? defaultFleet : ofManufacturer;
  }

  private static boolean wrongLabel(EnrollmentRequest request, DeviceSubject subject) {
    return request.label() != null && !subject.fleet().equals(request.label());
  }

  private static EnrollmentDecision badRequest(String detail) {
    return new Refuse(RefusalReason.BAD_REQUEST, detail);
  }

  private static EnrollmentDecision forbidden(String detail) {
    return new Refuse(RefusalReason.FORBIDDEN, detail);
  }
}
