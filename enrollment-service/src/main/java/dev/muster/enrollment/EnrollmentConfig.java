/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.IssuanceConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.revocation.RevocationConfig;
import dev.muster.enrollment.rollover.RollOverConfig;

/** How the enrollment service runs: each part as the feature that it is about wants it. */
public record EnrollmentConfig(
    StorageConfig storage,
    EstConfig est,
    AdmissionConfig admission,
    IssuanceConfig issuance,
    RevocationConfig revocation,
    RollOverConfig rollOver) {
  public EnrollmentConfig {
    requireNonNull(storage, "storage");
    requireNonNull(est, "est");
    requireNonNull(admission, "admission");
    requireNonNull(issuance, "issuance");
    requireNonNull(revocation, "revocation");
    requireNonNull(rollOver, "rollOver");
  }
}
