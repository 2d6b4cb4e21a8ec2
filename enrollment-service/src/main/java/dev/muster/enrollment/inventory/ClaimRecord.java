/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A claim token, without the token.
 *
 * @param id by which operators name it; no secret
 * @param serial of the one device it is for; null for any of the manufacturer's that has an IDevID
 * @param revokedAt null unless an operator took it back
 * @param usedAt null until a certificate was issued with it
 * @param usedBy the device that the certificate names
 * @param usedKey the key that was certified
 */
public record ClaimRecord(
    String id,
    String manufacturer,
    @Nullable String serial,
    Instant createdAt,
    Instant expiresAt,
    @Nullable Instant revokedAt,
    @Nullable Instant usedAt,
    @Nullable DeviceId usedBy,
    @Nullable Fingerprint usedKey) {

  /** What an operator sees: {@code open}, {@code used}, {@code revoked} or {@code expired}. */
  public String state(Instant now) {
    if (revokedAt != null) {
      return "revoked";
    }
    if (usedAt != null) {
      return "used";
    }
    return now.isBefore(expiresAt) ? "open" : "expired";
  }

  /** Whether it lets a device in with that key: once, and for that key again. */
  public boolean admits(Fingerprint key, Instant now) {
    return usedAt == null ? state(now).equals("open") : revokedAt == null && key.equals(usedKey);
  }
}
