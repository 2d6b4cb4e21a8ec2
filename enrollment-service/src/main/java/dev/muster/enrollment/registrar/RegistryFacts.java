/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.protocol.identity.DeviceId;
import java.util.List;
import java.util.Optional;

/**
 * What the registry knows when a request comes in.
 *
 * @param announced the manifest's entry for the device
 * @param device the device itself
 * @param holder another device whose IDevID has the key that is shown
 * @param idTaken its name belongs to another device
 * @param certificates those of the device that may be in use, or renewed, and the newest
 * @param sameKey the certificate of the key in the request, whosever it is
 * @param reservedKey the key is that of a CA or of some IDevID
 * @param pending what an operator said or has yet to say about this key of this device
 * @param waitingKeys how many keys of the device wait
 * @param renewalTerms what its manufacturer means for its renewals
 */
public record RegistryFacts(
    Optional<ManifestEntry> announced,
    Optional<DeviceRecord> device,
    Optional<DeviceId> holder,
    boolean idTaken,
    List<CertificateRecord> certificates,
    Optional<CertificateRecord> sameKey,
    boolean reservedKey,
    Optional<PendingEnrollment> pending,
    int waitingKeys,
    RenewalTerms renewalTerms) {
  public RegistryFacts {
    certificates = List.copyOf(certificates);
  }

  /** With nothing particular about renewals, and an IDevID whose key no other device has. */
  public RegistryFacts(
      Optional<ManifestEntry> announced,
      Optional<DeviceRecord> device,
      boolean idTaken,
      List<CertificateRecord> certificates,
      Optional<CertificateRecord> sameKey,
      boolean reservedKey,
      Optional<PendingEnrollment> pending,
      int waitingKeys) {
    this(
        announced,
        device,
        Optional.empty(),
        idTaken,
        certificates,
        sameKey,
        reservedKey,
        pending,
        waitingKeys,
        RenewalTerms.STRICT);
  }

  /** The same with other terms for renewals. */
  public RegistryFacts with(RenewalTerms terms) {
    return new RegistryFacts(
        announced,
        device,
        holder,
        idTaken,
        certificates,
        sameKey,
        reservedKey,
        pending,
        waitingKeys,
        terms);
  }

  /** The same with another device that has the key of the IDevID. */
  public RegistryFacts with(DeviceId other) {
    return new RegistryFacts(
        announced,
        device,
        Optional.of(other),
        idTaken,
        certificates,
        sameKey,
        reservedKey,
        pending,
        waitingKeys,
        renewalTerms);
  }
}
