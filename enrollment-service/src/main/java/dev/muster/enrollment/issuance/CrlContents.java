/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.math.BigInteger;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a CRL says (RFC 5280, 5.1). Times count in whole seconds.
 *
 * @param distributionPoint what the certificates that it is about say under CRL distribution
 *     points, to the letter (RFC 5280, 5.2.5); null for a complete CRL
 */
public record CrlContents(
    BigInteger number,
    Instant thisUpdate,
    Instant nextUpdate,
    @Nullable URI distributionPoint,
    List<Entry> entries) {

  public CrlContents {
    entries = List.copyOf(entries);
    if (!nextUpdate.isAfter(thisUpdate)) {
      throw new IllegalArgumentException(
          "nextUpdate: " + nextUpdate + " (expected: after thisUpdate, " + thisUpdate + ")");
    }
  }

  /** A complete one. */
  public CrlContents(
      BigInteger number, Instant thisUpdate, Instant nextUpdate, List<Entry> entries) {
    this(number, thisUpdate, nextUpdate, null, entries);
  }

  /**
   * One certificate taken back.
   *
   * @param invalidSince since when its key may be known to others (RFC 5280, 5.3.2); null if nobody
   *     said so
   */
  public record Entry(
      BigInteger serial,
      Instant revokedAt,
      RevocationReason reason,
      @Nullable Instant invalidSince) {

    public Entry(BigInteger serial, Instant revokedAt, RevocationReason reason) {
      this(serial, revokedAt, reason, null);
    }
  }
}
