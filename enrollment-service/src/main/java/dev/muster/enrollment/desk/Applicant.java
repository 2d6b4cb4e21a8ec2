/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.ShownClaim;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A device that asks for its first certificate, and who it is: what its IDevID says, or the claim
 * token that was made for it.
 *
 * @param name for the audit
 * @param factoryKey null without an IDevID
 * @param ownNames the subject of the IDevID
 * @param origin the IDevID and whose it is; null without one
 */
record Applicant(
    String name,
    Manufacturer manufacturer,
    String serial,
    @Nullable Fingerprint factoryKey,
    List<VerifiedCsr.Name> ownNames,
    Peer.@Nullable Factory origin) {
  Applicant {
    ownNames = List.copyOf(ownNames);
  }

  /** @return empty if neither certificate nor token names a device */
  static Optional<Applicant> of(
      Peer peer, Optional<ClaimRecord> claim, TrustView trust, Instant now) {
    if (peer instanceof Peer.Factory factory) {
      return Optional.of(new Applicant(
          "idevid:" + factory.manufacturer().name() + "/" + factory.serial(),
          factory.manufacturer(),
          factory.serial(),
          Fingerprint.of(factory.idevid().getPublicKey()),
          factory.names(),
          factory));
    }
    // A certificate that proves nothing is not made good by a token.
    return peer instanceof Peer.Anonymous
        ? claim.flatMap(token -> ofClaim(token, trust, now))
        : Optional.empty();
  }

  private static Optional<Applicant> ofClaim(ClaimRecord claim, TrustView trust, Instant now) {
    String serial = claim.serial();
    if (serial == null) {
      return Optional.empty();
    }
    return trust
        .manufacturer(claim.manufacturer())
        .filter(manufacturer ->
            manufacturer.distrust() == null || !manufacturer.distrust().bars(now))
        // Where both are demanded, one of them is not enough, whichever it is.
        .filter(manufacturer -> !manufacturer.policy().claimRequired())
        .map(manufacturer ->
            new Applicant("claim:" + claim.id(), manufacturer, serial, null, List.of(), null));
  }

  /**
   * Notes by whose signature the device has come. To be done when it was let in, not before:
   * whoever has another CA of its manufacturer might come in its name.
   */
  void recordOrigin(Registry.Tables tables) {
    if (origin != null) {
      tables.manufacturers().cameBy(manufacturer.name(), serial, origin.ca(), origin.idevid());
    }
  }

  EnrollmentRequest.First asks(VerifiedCsr csr, Label label, ShownClaim claim) {
    return new EnrollmentRequest.First(
        manufacturer, serial, factoryKey, ownNames, csr, label, claim, HookVerdict.INDIFFERENT);
  }
}
