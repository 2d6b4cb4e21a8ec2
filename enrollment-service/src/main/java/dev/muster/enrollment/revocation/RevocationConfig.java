/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the world hears of certificates taken back.
 *
 * @param host the address to listen on
 * @param port of plain HTTP; 0 for a free one
 * @param publicUrl what the URLs in certificates begin with; null for
 *     {@code http://localhost:<port>}
 * @param crlValidity from a CRL's thisUpdate to its nextUpdate
 * @param crlInterval how often a CRL is made anew; shorter than its validity
 * @param shardSize how many certificates share a distribution point, 1 to 10,000: its CRL can never
 *     have more entries
 * @param ocspAhead about how many certificates OCSP answers are signed before anybody asks, 0 to
 *     10,000
 */
public record RevocationConfig(
    String host,
    int port,
    @Nullable URI publicUrl,
    Duration crlValidity,
    Duration crlInterval,
    int shardSize,
    int ocspAhead) {
  /** The most. */
  public static final int MAX_SHARD_SIZE = 10_000;

  /** Half of those that are kept, so that others have room beside them. */
  public static final int MAX_OCSP_AHEAD = 10_000;

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public RevocationConfig {
    requireNonNull(host, "host");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("httpPort: " + port + " (expected: 0 to 65535)");
    }
    if (publicUrl != null && !"http".equals(publicUrl.getScheme())) {
      throw new IllegalArgumentException(
          "publicHttpUrl: \"" + publicUrl + "\" (expected: http://..., RFC 5280, 4.2.1.13)");
    }
    if (crlInterval.isNegative()
        || crlInterval.isZero()
        || crlInterval.compareTo(crlValidity) >= 0) {
      throw new IllegalArgumentException("crlInterval: " + crlInterval
          + " (expected: more than zero, and less than crlValidity, " + crlValidity + ")");
    }
    if (shardSize < 1 || shardSize > MAX_SHARD_SIZE) {
      throw new IllegalArgumentException(
          "shardSize: " + shardSize + " (expected: 1 to " + MAX_SHARD_SIZE + ")");
    }
    if (ocspAhead < 0 || ocspAhead > MAX_OCSP_AHEAD) {
      throw new IllegalArgumentException(
          "ocspAhead: " + ocspAhead + " (expected: 0 to " + MAX_OCSP_AHEAD + ")");
    }
  }
}
