/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Tier;
import java.time.Instant;
import java.util.Optional;

/**
 * Which tier answers: the coarsest that still fills the picture, of those that reach back so far.
 */
final class TierChoice {
  /** With fewer points than this part of those asked for, a finer tier is read. */
  private static final int LEAST_PART = 3;

  private final Retention retention;
  private final Instant now;

  TierChoice(Retention retention, Instant now) {
    this.retention = retention;
    this.now = now;
  }

  /** Empty: the values themselves. */
  Optional<Tier> choose(Instant from, Instant to, int points) {
    Tier[] tiers = Tier.values();
    long span = Micros.of(to) - Micros.of(from);
    for (int i = tiers.length - 1; i >= 0; i--) {
      if (span / tiers[i].widthMicros() >= Math.max(1, points / LEAST_PART)) {
        return Optional.of(reaching(i, from));
      }
    }
    return reachesRaw(from) ? Optional.empty() : Optional.of(reaching(0, from));
  }

  boolean reachesRaw(Instant from) {
    return Micros.of(from) >= retention.oldestRawMicros(now);
  }

  /** The first from here on that has all since then; else the one that goes back farthest. */
  private Tier reaching(int first, Instant from) {
    Tier[] tiers = Tier.values();
    for (int i = first; i < tiers.length; i++) {
      if (Micros.of(from) >= retention.oldestMicros(tiers[i], now)) {
        return tiers[i];
      }
    }
    return Tier.DAY;
  }
}
