/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import java.time.Instant;
import java.util.Optional;

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

  private final FirstEnrollment firstEnrollment;
  private final Renewal renewals;
  private final Profiles profiles;

  public Registrar(AdmissionConfig config, Profiles profiles) {
    requireNonNull(config, "config");
    this.profiles = requireNonNull(profiles, "profiles");
    this.firstEnrollment = new FirstEnrollment(config.defaultFleet());
    this.renewals = new Renewal(config.keyReuse());
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

  /** What a device with an IDevID is called, or will be; empty if it cannot be called anything. */
  public Optional<DeviceSubject> subject(
      EnrollmentRequest.First request,
      Optional<DeviceRecord> device,
      Optional<ManifestEntry> announced) {
    return firstEnrollment.subject(request, device, announced);
  }

  /** Decides about a request. */
  public EnrollmentDecision decide(EnrollmentRequest request, RegistryFacts facts, Instant now) {
    EnrollmentDecision decision = decideWho(request, facts, now);
    // What waits for an operator is worth waiting for.
    Optional<DeviceSubject> subject = decision instanceof EnrollmentDecision.Issue issue
        ? Optional.of(issue.subject())
        : decision instanceof EnrollmentDecision.Defer defer
            ? Optional.of(defer.subject())
            : Optional.empty();
    return subject
        .flatMap(who -> Profiles.refusal(profiles.of(request), who, request))
        .orElse(decision);
  }

  private EnrollmentDecision decideWho(
      EnrollmentRequest request, RegistryFacts facts, Instant now) {
    if (request instanceof EnrollmentRequest.First first) {
      return firstEnrollment.decide(first, facts, now);
    }
    if (request instanceof EnrollmentRequest.Renewal renewal) {
      return renewals.decide(renewal, facts, now);
    }
    throw new IllegalStateException("unknown request: " + request);
  }
}
