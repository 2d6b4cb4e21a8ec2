/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Somebody whose certificate was proven asks for another. */
public sealed interface EnrollmentRequest {
  /** The request. */
  VerifiedCsr csr();

  /** What the URL named. */
  Label label();

  /**
   * With an IDevID (RFC 7030, 4.2.1), a claim token, or both.
   *
   * @param serial the serialNumber attribute of the IDevID
   * @param factoryKey the public key of the IDevID; null if none was shown
   * @param claim the claim token, if one came
   * @param ownNames the subject of the IDevID, in order
   * @param hook what the operator's own program says
   */
  record First(
      Manufacturer manufacturer,
      String serial,
      @Nullable Fingerprint factoryKey,
      List<VerifiedCsr.Name> ownNames,
      VerifiedCsr csr,
      Label label,
      ShownClaim claim,
      HookVerdict hook)
      implements EnrollmentRequest {
    public First {
      ownNames = List.copyOf(ownNames);
    }

    /** The id that the hook wants it to have. */
    public Optional<DeviceId> chosenId() {
      return hook instanceof HookVerdict.Allow allow
          ? Optional.ofNullable(allow.device())
          : Optional.empty();
    }

    /** The same, with what was said about it. */
    public First with(HookVerdict said) {
      return new First(manufacturer, serial, factoryKey, ownNames, csr, label, claim, said);
    }
  }

  /**
   * With an LDevID (RFC 7030, 4.2.2).
   *
   * @param presented what the registry has about the LDevID
   */
  record Renewal(CertificateRecord presented, VerifiedCsr csr, Label label)
      implements EnrollmentRequest {}
}
