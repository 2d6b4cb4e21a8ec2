/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.FleetName;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An operator's word that devices renew their certificates before it is time.
 *
 * @param issuer of the certificates meant; null for any
 * @param fleet of the devices meant; null for any
 * @param issuedBefore certificates from then on are not meant
 * @param opens from when on they renew
 * @param closes until when they have; from {@code opens} on, each at a moment of its own
 */
public record RenewalOrder(
    String id,
    @Nullable String issuer,
    @Nullable FleetName fleet,
    Instant issuedBefore,
    Instant opens,
    Instant closes) {
  /** @throws IllegalArgumentException if it would close before it opens */
  public RenewalOrder {
    if (!closes.isAfter(opens)) {
      throw new IllegalArgumentException(
          "closes: " + closes + " (expected: after it opens, " + opens + ")");
    }
  }
}
