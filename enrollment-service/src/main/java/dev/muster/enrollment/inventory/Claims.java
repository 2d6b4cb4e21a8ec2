/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.sql.Sql;
import dev.muster.protocol.identity.DeviceId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Claim tokens by their hashes. */
public final class Claims {
  private final Sql sql;

  Claims(Sql sql) {
    this.sql = sql;
  }

  public void insert(ClaimRecord claim, String tokenHash) {
    sql.statement("INSERT INTO claim_token (id, token_hash, manufacturer, serial, created_at,"
            + " expires_at) VALUES (:id, :hash, :manufacturer, :serial, :createdAt, :expiresAt)")
        .bind("id", claim.id())
        .bind("hash", tokenHash)
        .bind("manufacturer", claim.manufacturer())
        .bind("serial", claim.serial())
        .bind("createdAt", claim.createdAt())
        .bind("expiresAt", claim.expiresAt())
        .execute();
  }

  public Optional<ClaimRecord> find(String id) {
    return sql.statement("SELECT * FROM claim_token WHERE id = :id")
        .bind("id", id)
        .first(Claims::claim);
  }

  public Optional<ClaimRecord> findByHash(String tokenHash) {
    return sql.statement("SELECT * FROM claim_token WHERE token_hash = :hash")
        .bind("hash", tokenHash)
        .first(Claims::claim);
  }

  /** By id, those of a manufacturer after {@code after}. */
  public List<ClaimRecord> page(String manufacturer, String after, int limit) {
    return sql.statement(
            "SELECT * FROM claim_token WHERE manufacturer = :manufacturer AND id > :after"
                + " ORDER BY id LIMIT :limit")
        .bind("manufacturer", manufacturer)
        .bind("after", after)
        .bind("limit", limit)
        .list(Claims::claim);
  }

  /** @return false if it was used before, which stays as it is */
  public boolean use(String id, DeviceId device, Fingerprint key, Instant now) {
    return sql.statement("UPDATE claim_token SET used_at = :now, used_by = :device,"
                + " used_key = :key WHERE id = :id AND used_at IS NULL")
            .bind("id", id)
            .bind("device", device.value())
            .bind("key", key.hex())
            .bind("now", now)
            .execute()
        > 0;
  }

  /** It lets nobody in from now on. */
  public void revoke(String id, Instant now) {
    sql.statement("UPDATE claim_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
        .bind("id", id)
        .bind("now", now)
        .execute();
  }

  /** As {@link #revoke}, of all that could let one device in. @return how many those were */
  public int revokeAllFor(String manufacturer, String serial, Instant now) {
    return sql.statement(
            "UPDATE claim_token SET revoked_at = :now WHERE manufacturer = :manufacturer"
                + " AND serial = :serial AND used_at IS NULL AND revoked_at IS NULL"
                + " AND expires_at > :now")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .bind("now", now)
        .execute();
  }

  /** Forgets those that could have been used until {@code endedBefore}, and were not. */
  public int expire(Instant endedBefore) {
    return sql.statement("DELETE FROM claim_token WHERE used_at IS NULL AND expires_at < :before")
        .bind("before", endedBefore)
        .execute();
  }

  private static ClaimRecord claim(ResultSet row) throws SQLException {
    String key = row.getString("used_key");
    return new ClaimRecord(
        row.getString("id"),
        row.getString("manufacturer"),
        row.getString("serial"),
        Columns.instant(row, "created_at"),
        Columns.instant(row, "expires_at"),
        Columns.instantOrNull(row, "revoked_at"),
        Columns.instantOrNull(row, "used_at"),
        Columns.deviceOrNull(row, "used_by"),
        key == null ? null : new Fingerprint(key));
  }
}
