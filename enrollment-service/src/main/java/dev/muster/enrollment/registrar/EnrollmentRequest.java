/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.issuance.Fingerprint;
import java.util.List;
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
   */
  record First(
      Manufacturer manufacturer,
      String serial,
      @Nullable Fingerprint factoryKey,
      List<VerifiedCsr.Name> ownNames,
      VerifiedCsr csr,
      Label label,
      ShownClaim claim)
      implements EnrollmentRequest {
    public First {
      ownNames = List.copyOf(ownNames);
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
