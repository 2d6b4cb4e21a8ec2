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

  /**
   * How many of an issuer's are taken back that end at {@code since} or later, and when the last
   * was: after each change another text, also when one on hold is let go.
   */
  public String state(String issuer, Instant since) {
    return sql.statement("SELECT COUNT(*) AS taken, MAX(revoked_at) AS newest FROM revocation"
            + " WHERE issuer = :issuer AND not_after >= :since")
        .bind("issuer", issuer)
        .bind("since", since)
        .one(row -> state(row.getInt("taken"), Columns.instantOrNull(row, "newest")));
  }

  /** {@link #state(String, Instant)} of those that were read. */
  public static String state(List<TakenBack> all, Instant since) {
    List<Instant> times = all.stream()
        .filter(one -> !one.notAfter().isBefore(since))
        .map(TakenBack::revokedAt)
        .toList();
    return state(times.size(), times.stream().max(Comparator.naturalOrder()).orElse(null));
  }

  private static String state(int taken, @Nullable Instant newest) {
    return newest == null ? "none" : taken + " to " + newest;
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
