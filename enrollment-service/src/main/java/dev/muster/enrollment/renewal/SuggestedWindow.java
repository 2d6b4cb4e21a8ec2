/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.renewal;

import dev.muster.enrollment.inventory.RenewalOrder;
import dev.muster.protocol.identity.RenewalWindow;
import java.time.Instant;
import java.util.Optional;

/** In which a device picks a moment of its own to renew. */
public record SuggestedWindow(Instant start, Instant end) {
  /** The usual one, or an earlier one that an operator has ordered. */
  static SuggestedWindow of(RenewalWindow usual, Optional<RenewalOrder> order) {
    boolean early = order.isPresent() && order.get().opens().isBefore(usual.opens());
    if (!early) {
      return new SuggestedWindow(usual.opens(), usual.closes());
    }
    Instant closes = order.get().closes();
    // However wide it is spread: nobody is to wait longer than without the order.
    return new SuggestedWindow(
        order.get().opens(), closes.isAfter(usual.closes()) ? usual.closes() : closes);
  }
}
