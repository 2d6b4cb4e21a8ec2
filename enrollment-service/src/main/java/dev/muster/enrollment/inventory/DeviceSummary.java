/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A device as a list shows it.
 *
 * @param newest the certificate it received last
 * @param certificateEnds when its newest live one ends, or has; null if it has none
 * @param renewBy when its newest live certificate should have been renewed; null if it has none
 * @param seen null if it never was connected, as far as is known here
 */
public record DeviceSummary(
    DeviceRecord device,
    Optional<Newest> newest,
    @Nullable Instant certificateEnds,
    @Nullable Instant renewBy,
    @Nullable Seen seen) {
  /** What a list tells about a certificate. */
  public record Newest(String serial, CertificateStatus status, Instant notAfter) {}

  /** What a list tells about connections. @param until null while it is connected */
  public record Seen(@Nullable Instant until) {}
}
