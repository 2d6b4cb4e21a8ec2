/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.math.BigInteger;
import java.time.Instant;
import java.util.List;

/** What a CRL says (RFC 5280, 5.1). Times count in whole seconds. */
public record CrlContents(
    BigInteger number, Instant thisUpdate, Instant nextUpdate, List<Entry> entries) {

  public CrlContents {
    entries = List.copyOf(entries);
    if (!nextUpdate.isAfter(thisUpdate)) {
      throw new IllegalArgumentException(
          "nextUpdate: " + nextUpdate + " (expected: after thisUpdate, " + thisUpdate + ")");
    }
  }

  /** One certificate taken back. */
  public record Entry(BigInteger serial, Instant revokedAt, RevocationReason reason) {}
}
