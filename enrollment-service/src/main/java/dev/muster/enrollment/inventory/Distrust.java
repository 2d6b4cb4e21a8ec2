/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * That a manufacturer, or one of its CAs, counts for nothing any more.
 *
 * @param from since when its signatures are doubted; from then on nobody enrolls
 * @param renewals devices that are in already may not renew either
 */
public record Distrust(Instant from, boolean renewals) {
  public Distrust {
    // As a database keeps it: else it would be another when it is read again.
    from = requireNonNull(from, "from").truncatedTo(ChronoUnit.MICROS);
  }

  /** Whether enrollment is barred. */
  public boolean bars(Instant now) {
    return !now.isBefore(from);
  }

  /** Whether renewal is barred, too. */
  public boolean barsRenewal(Instant now) {
    return renewals && bars(now);
  }
}
