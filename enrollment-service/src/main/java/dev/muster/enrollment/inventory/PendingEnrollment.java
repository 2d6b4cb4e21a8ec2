/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A key that asks to become a device's, and waits for an operator. Kept by device and key, because
 * the request around the key may differ from try to try.
 *
 * @param reason why it waits, for the operator
 * @param remark what the operator said who decided; null if nothing, or if nobody has
 */
public record PendingEnrollment(
    DeviceId device,
    Fingerprint key,
    State state,
    String reason,
    Instant since,
    Instant lastSeen,
    @Nullable String remark) {

  /** What an operator said. */
  public enum State {
    WAITING,
    APPROVED,
    REFUSED;

    /** Lower case, as in JSON and in the database. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    static State of(String label) {
      return valueOf(label.toUpperCase(Locale.ROOT));
    }
  }

  /** One that nobody has decided about. */
  public static PendingEnrollment waiting(
      DeviceId device, Fingerprint key, String reason, Instant now) {
    return new PendingEnrollment(device, key, State.WAITING, reason, now, now, null);
  }
}
