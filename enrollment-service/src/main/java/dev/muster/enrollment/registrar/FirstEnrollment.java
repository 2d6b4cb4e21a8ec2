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
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.registrar.EnrollmentDecision.Defer;
import dev.muster.enrollment.registrar.EnrollmentDecision.Issue;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import dev.muster.enrollment.registrar.EnrollmentDecision.Supersede;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides about requests that come with an IDevID (RFC 7030, 4.2.1): whose the device is, what it
 * is called, and whether it is let in.
 */
final class FirstEnrollment {
  private final FleetName defaultFleet;

  /** @param defaultFleet of devices whose manufacturer and manifest name none */
  FirstEnrollment(FleetName defaultFleet) {
    this.defaultFleet = defaultFleet;
  }

  EnrollmentDecision decide(EnrollmentRequest.First request, RegistryFacts facts, Instant now) {
    Optional<EnrollmentDecision> unclaimed = request.claim().refusal(request, now);
    if (unclaimed.isPresent() && !comesBack(request, facts)) {
      return unclaimed.get();
    }
    Optional<DeviceSubject> named = subject(request, facts.device(), facts.announced());
    if (named.isEmpty()) {
      return forbidden("IDevID serialNumber: " + Quoted.of(request.serial())
          + " (expected: 1 to 63 of [A-Za-z0-9._-] together with the manufacturer's name)");
    }
    DeviceSubject subject = named.get();
    Optional<EnrollmentDecision> refusal = refusal(request, facts, subject);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (facts.sameKey().isPresent()) {
      return repeatOrRefuse(facts.sameKey().get(), subject, now);
    }
    return admit(request, facts, subject, now);
  }

  /**
   * What the device is or will be called: as the registry has it, as the hook wants it, as it was
   * announced, or by the template, in this order.
   *
   * @return empty if its serial number makes no device id
   */
  Optional<DeviceSubject> subject(
      EnrollmentRequest.First request,
      Optional<DeviceRecord> device,
      Optional<ManifestEntry> announced) {
    return device
        .map(known -> subject(request, known))
        .or(() -> request
            .chosenId()
            .or(() -> Registrar.deviceId(request.manufacturer(), request.serial(), announced))
            .map(id -> new DeviceSubject(fleet(request, announced), id)));
  }

  /** One that has but waited, where nobody has put it, may be put elsewhere by the hook. */
  private static DeviceSubject subject(EnrollmentRequest.First request, DeviceRecord known) {
    boolean open = known.enrolledAt() == null && known.epoch() == 0;
    return open && request.hook() instanceof HookVerdict.Allow allow && allow.fleet() != null
        ? new DeviceSubject(allow.fleet(), known.id())
        : known.subject();
  }

  private Optional<EnrollmentDecision> refusal(
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
    if (request.hook() instanceof HookVerdict.Refuse refuse) {
      return Optional.of(forbidden("device: refused by its operator's hook: " + refuse.reason()));
    }
    if (facts.idTaken() || ReservedNames.contains(subject.device().value())) {
      return Optional.of(forbidden("device id: \"" + subject.device()
          + "\" belongs to another device (expected: a serial number that makes a new name)"));
    }
    if (wrongLabel(request, subject)) {
      return Optional.of(forbidden("label: not the fleet of this device"));
    }
    return Rulings.shutOut(facts);
  }

  private EnrollmentDecision admit(
      EnrollmentRequest.First request, RegistryFacts facts, DeviceSubject subject, Instant now) {
    Optional<EnrollmentDecision> refused = Rulings.refusedKey(facts);
    if (refused.isPresent()) {
      return refused.get();
    }
    Optional<PendingEnrollment> pending = facts.pending();
    if (pending.isPresent() && pending.get().state() == PendingEnrollment.State.APPROVED) {
      return new Issue(subject, Supersede.ALL);
    }
    if (facts.holder().isPresent() && !wasLetInWith(request.factoryKey(), facts)) {
      return waitBeside(facts.holder().get(), request, facts, subject, now);
    }
    if (request.hook() instanceof HookVerdict.Defer defer) {
      return defer(facts, subject, now, false, "the hook wants it to wait: " + defer.reason());
    }
    if (isAnotherThanAnnounced(request, facts)) {
      return defer(facts, subject, now, true, "an IDevID with another key than its manifest tells");
    }
    if (facts.device().map(device -> isAnotherFactoryKey(device, request)).orElse(false)) {
      return defer(
          facts,
          subject,
          now,
          true,
          "a second IDevID, with another key, for the same manufacturer and serial number");
    }
    if (facts.device().map(DeviceRecord::isReleased).orElse(false)) {
      return new Issue(subject, Supersede.ALL);
    }
    if (facts.certificates().stream().anyMatch(certificate -> certificate.isLive(now))) {
      return defer(facts, subject, now, true, "a second key for a device that has a certificate");
    }
    if (facts.device().map(device -> device.nextKey() == NextKey.WAITS).orElse(false)) {
      return defer(facts, subject, now, false, "an operator wants to approve its next key");
    }
    if (lostItsCa(facts.certificates())) {
      return new Issue(subject, Supersede.NONE);
    }
    if (endedBadly(facts.certificates())) {
      return defer(facts, subject, now, false, "its last certificate was revoked or is on hold");
    }
    return switch (request.manufacturer().admission()) {
      case AUTO -> new Issue(subject, Supersede.NONE);
      case REGISTERED ->
        facts.announced().isPresent() || request.claim().announces()
            ? new Issue(subject, Supersede.NONE)
            : forbidden("IDevID serialNumber: " + Quoted.of(request.serial())
                + " was not announced (expected: listed in a manifest of its manufacturer)");
      case MANUAL ->
        defer(facts, subject, now, false, "its manufacturer's devices need an approval");
    };
  }

  /**
   * The holder is not named: whoever sees the alarm may be limited to fleets that are not its. It
   * has an alarm of its own, which tells the same key.
   */
  private static EnrollmentDecision waitBeside(
      DeviceId holder,
      EnrollmentRequest.First request,
      RegistryFacts facts,
      DeviceSubject subject,
      Instant now) {
    EnrollmentDecision decision = defer(
        facts,
        subject,
        now,
        true,
        "an IDevID with the key of another device's (SHA-256 " + request.factoryKey() + ")");
    if (decision instanceof Defer defer) {
      return new Defer(subject, defer.retryAfter(), true, defer.reason(), Optional.of(holder));
    }
    return decision instanceof Refuse full
        ? new Refuse(full.reason(), full.detail(), full.cloneAlarm(), Optional.of(holder))
        : decision;
  }

  private static boolean wasLetInWith(@Nullable Fingerprint factoryKey, RegistryFacts facts) {
    return facts
        .device()
        .map(device -> device.enrolledAt() != null
            && device.factoryKey() != null
            && device.factoryKey().equals(factoryKey))
        .orElse(false);
  }

  /**
   * Once a device was let in with a key of its own, that counts: an operator has approved it, or it
   * was there before the manifest. Who came with a claim token alone has shown none.
   */
  private static boolean isAnotherThanAnnounced(
      EnrollmentRequest.First request, RegistryFacts facts) {
    Fingerprint announced = facts.announced().map(ManifestEntry::key).orElse(null);
    Fingerprint shown = request.factoryKey();
    boolean letInBefore = facts
        .device()
        .map(device -> device.enrolledAt() != null && device.factoryKey() != null)
        .orElse(false);
    return announced != null && shown != null && !announced.equals(shown) && !letInBefore;
  }

  /** Who comes with a claim token alone shows no factory key, and contradicts none. */
  private static boolean isAnotherFactoryKey(DeviceRecord device, EnrollmentRequest.First request) {
    Fingerprint known = device.factoryKey();
    Fingerprint shown = request.factoryKey();
    return known != null && shown != null && !known.equals(shown);
  }

  /**
   * A fleet that has lost its CA comes back with its IDevIDs, whatever tokens it was let in with.
   */
  private static boolean comesBack(EnrollmentRequest.First request, RegistryFacts facts) {
    return request.claim().token() == null && lostItsCa(facts.certificates());
  }

  /** With its certificate nothing was wrong, nor with its key: it was let in before. */
  private static boolean lostItsCa(List<CertificateRecord> certificates) {
    return newest(certificates)
        .map(newest -> newest.reason() == RevocationReason.CA_COMPROMISE)
        .orElse(false);
  }

  private static Optional<CertificateRecord> newest(List<CertificateRecord> certificates) {
    return certificates.stream().max(Comparator.comparing(CertificateRecord::issuedAt));
  }

  /**
   * Whoever was cut off does not come back by itself with a new key; the newest certificate tells.
   */
  private static boolean endedBadly(List<CertificateRecord> certificates) {
    return newest(certificates)
        .map(newest -> newest.status() == CertificateStatus.HELD
            || newest.status() == CertificateStatus.REVOKED
                && newest.reason() != RevocationReason.SUPERSEDED)
        .orElse(false);
  }

  private FleetName fleet(EnrollmentRequest.First request, Optional<ManifestEntry> announced) {
    if (request.hook() instanceof HookVerdict.Allow allow && allow.fleet() != null) {
      return allow.fleet();
    }
    @Nullable FleetName ofManifest = announced.map(ManifestEntry::fleet).orElse(null);
    if (ofManifest != null) {
      return ofManifest;
    }
    @Nullable FleetName ofManufacturer = request.manufacturer().fleet();
    return ofManufacturer == null ? defaultFleet : ofManufacturer;
  }
}
