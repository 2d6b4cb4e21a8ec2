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

/** Somebody whose certificate was proven asks for another. */
public sealed interface EnrollmentRequest {
  /** The request. */
  VerifiedCsr csr();

  /** What the URL named. */
  Label label();

  /**
   * With an IDevID (RFC 7030, 4.2.1).
   *
   * @param serial the serialNumber attribute of the IDevID
   * @param factoryKey the public key of the IDevID
   * @param ownNames the subject of the IDevID, in order
   */
  record First(
      Manufacturer manufacturer,
      String serial,
      Fingerprint factoryKey,
      List<VerifiedCsr.Name> ownNames,
      VerifiedCsr csr,
      Label label)
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
