/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.time.Instant;
import java.util.Optional;

/**
 * A device as a list shows it.
 *
 * @param newest the certificate it received last
 */
public record DeviceSummary(DeviceRecord device, Optional<Newest> newest) {
  /** What a list tells about a certificate. */
  public record Newest(String serial, CertificateStatus status, Instant notAfter) {}
}
