/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.sql.Sql;
import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What belongs on CRLs; {@link Certificates#update} keeps it. */
public final class TakenBackCertificates {
  private final Sql sql;

  TakenBackCertificates(Sql sql) {
    this.sql = sql;
  }

  /**
   * Those of an issuer that end at {@code since} or later, by serial number. With the date of the
   * CRL before, each shows up at least once after its end (RFC 5280, 3.3).
   */
  public List<TakenBack> of(String issuer, Instant since) {
    return sql
        .statement("SELECT * FROM revocation WHERE issuer = :issuer AND not_after >= :since")
        .bind("issuer", issuer)
        .bind("since", since)
        .list(TakenBackCertificates::takenBack)
        .stream()
        // Here, where it costs less than the database's way along an index.
        .sorted(Comparator.comparing(TakenBack::serial))
        .toList();
  }

  /** When one of an issuer's was last taken back, up to {@code now}; empty if none is on a CRL. */
  public Optional<Instant> last(String issuer, Instant now) {
    return sql.statement("SELECT revoked_at FROM revocation WHERE issuer = :issuer"
            + " AND revoked_at <= :now ORDER BY revoked_at DESC LIMIT 1")
        .bind("issuer", issuer)
        .bind("now", now)
        .first(row -> Columns.instant(row, "revoked_at"));
  }

  /** Forgets those of an issuer that ended before {@code before}. */
  public void forget(String issuer, Instant before) {
    sql.statement("DELETE FROM revocation WHERE issuer = :issuer AND not_after < :before")
        .bind("issuer", issuer)
        .bind("before", before)
        .execute();
  }

  /**
   * Remembers those of an issuer that have not ended by {@code now}, and were forgotten by a clock
   * that was ahead; but not since when their keys may have been known to others.
   */
  public void remember(String issuer, Instant now) {
    sql.statement("INSERT INTO revocation (serial, issuer, shard, not_after, reason, revoked_at)"
            + " SELECT serial, issuer, shard, not_after, reason, revoked_at FROM certificate c"
            + " WHERE issuer = :issuer AND not_after >= :now AND reason IS NOT NULL"
            + " AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial)")
        .bind("issuer", issuer)
        .bind("now", now)
        .execute();
  }

  void replace(
      String serial,
      @Nullable RevocationReason reason,
      Instant now,
      @Nullable Instant invalidSince) {
    sql.statement("DELETE FROM revocation WHERE serial = :serial")
        .bind("serial", serial)
        .execute();
    if (reason != null) {
      insert(serial, reason, now, invalidSince);
    }
  }

  private void insert(
      String serial, RevocationReason reason, Instant now, @Nullable Instant invalidSince) {
    sql.statement("INSERT INTO revocation (serial, issuer, shard, not_after, reason,"
            + " revoked_at, invalid_since) SELECT serial, issuer, shard, not_after, :reason,"
            + " CAST(:at AS TIMESTAMP WITH TIME ZONE),"
            + " CAST(:invalidSince AS TIMESTAMP WITH TIME ZONE)"
            + " FROM certificate WHERE serial = :serial")
        .bind("serial", serial)
        .bind("reason", reason.label())
        .bind("at", now)
        .bind("invalidSince", invalidSince)
        .execute();
  }

  private static TakenBack takenBack(ResultSet row) throws SQLException {
    return new TakenBack(
        new BigInteger(row.getString("serial"), 16),
        row.getInt("shard"),
        Columns.instant(row, "not_after"),
        RevocationReason.of(row.getString("reason")),
        Columns.instant(row, "revoked_at"),
        Columns.instantOrNull(row, "invalid_since"));
  }
}
