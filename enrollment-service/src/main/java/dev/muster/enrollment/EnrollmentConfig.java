/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.util.Objects.requireNonNull;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.IssuanceConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.revocation.RevocationConfig;
import dev.muster.enrollment.rollover.RollOverConfig;
import org.jspecify.annotations.Nullable;

/**
 * How the enrollment service runs: each part as the feature that it is about wants it.
 *
 * @param hook who is asked before a device is let in; null for nobody
 * @param coaps how EST is served over CoAP; null for not at all
 */
public record EnrollmentConfig(
    StorageConfig storage,
    EstConfig est,
    AdmissionConfig admission,
    IssuanceConfig issuance,
    RevocationConfig revocation,
    RollOverConfig rollOver,
    @Nullable HookConfig hook,
    @Nullable CoapsConfig coaps) {
  /** @throws IllegalArgumentException naming the settings that exclude each other */
  public EnrollmentConfig {
    requireNonNull(storage, "storage");
    requireNonNull(est, "est");
    requireNonNull(admission, "admission");
    requireNonNull(issuance, "issuance");
    requireNonNull(revocation, "revocation");
    requireNonNull(rollOver, "rollOver");
    if (coaps != null && est.requireChannelBinding()) {
      throw new IllegalArgumentException(
          "requireChannelBinding: true (expected: false where EST is served over CoAP, whose"
              + " connections tell no channel binding)");
    }
  }

  /** As the other, nobody is asked before a device is let in, and nothing is served over CoAP. */
  public EnrollmentConfig(
      StorageConfig storage,
      EstConfig est,
      AdmissionConfig admission,
      IssuanceConfig issuance,
      RevocationConfig revocation,
      RollOverConfig rollOver) {
    this(storage, est, admission, issuance, revocation, rollOver, null, null);
  }
}
