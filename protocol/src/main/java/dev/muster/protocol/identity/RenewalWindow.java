/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;

/**
 * When a certificate is renewed: from two thirds of its life on, spread over the next sixth, so
 * that a fleet enrolled in one hour does not renew in one minute, and a last sixth remains for
 * trying again.
 */
public record RenewalWindow(Instant notBefore, Instant notAfter) {

  /** @throws IllegalArgumentException if the certificate would end before it begins */
  public RenewalWindow {
    requireNonNull(notBefore, "notBefore");
    requireNonNull(notAfter, "notAfter");
    if (!notAfter.isAfter(notBefore)) {
      throw new IllegalArgumentException(
          "notAfter: " + notAfter + " (expected: after notBefore, " + notBefore + ")");
    }
  }

  /** Two thirds of the life are over. */
  public Instant opens() {
    return notBefore.plus(life().multipliedBy(2).dividedBy(3));
  }

  /** Five sixths of the life are over. */
  public Instant closes() {
    return notBefore.plus(life().multipliedBy(5).dividedBy(6));
  }

  /**
   * The moment at which one device renews.
   *
   * @param jitter the device's place in the window, 0 (inclusive) to 1 (exclusive)
   */
  public Instant at(double jitter) {
    if (!(jitter >= 0 && jitter < 1)) {
      throw new IllegalArgumentException("jitter: " + jitter + " (expected: 0 to 1, 1 excluded)");
    }
    Duration width = Duration.between(opens(), closes());
    return opens().plusMillis((long) (width.toMillis() * jitter));
  }

  private Duration life() {
    return Duration.between(notBefore, notAfter);
  }
}
