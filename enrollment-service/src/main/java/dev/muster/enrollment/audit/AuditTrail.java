/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The log, within one transaction. */
public final class AuditTrail {
  private final Sql sql;
  private final @Nullable AuditWriter writer;

  /** @param writer null in a transaction that only reads */
  public AuditTrail(Sql sql, @Nullable AuditWriter writer) {
    this.sql = sql;
    this.writer = writer;
  }

  /** Adds an entry; it is there if the transaction commits. */
  public void append(AuditEvent event, Instant now) {
    if (writer == null) {
      throw new IllegalStateException("audit: appended in a transaction that only reads");
    }
    writer.append(event, now);
  }

  /** Entries after {@code after}, oldest first. */
  public List<AuditEntry> page(long after, int limit) {
    return sql.statement(
            "SELECT seq, entry, hash FROM audit_entry WHERE seq > :after ORDER BY seq LIMIT :limit")
        .bind("after", after)
        .bind("limit", limit)
        .list(row ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")));
  }

  /** Entries before {@code before}, newest first. */
  public List<AuditEntry> newest(long before, int limit) {
    return sql.statement("SELECT seq, entry, hash FROM audit_entry WHERE seq < :before"
            + " ORDER BY seq DESC LIMIT :limit")
        .bind("before", before)
        .bind("limit", limit)
        .list(row ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")));
  }

  /** Entries about one object after {@code after}, oldest first. */
  public List<AuditEntry> about(String object, long after, int limit) {
    return sql.statement("SELECT seq, entry, hash FROM audit_entry WHERE object = :object"
            + " AND seq > :after ORDER BY seq LIMIT :limit")
        .bind("object", object)
        .bind("after", after)
        .bind("limit", limit)
        .list(row ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")));
  }

  /** Entries of one action before {@code before}, newest first. */
  public List<AuditEntry> of(String action, long before, int limit) {
    return sql.statement("SELECT seq, entry, hash FROM audit_entry WHERE action = :action"
            + " AND seq < :before ORDER BY seq DESC LIMIT :limit")
        .bind("action", action)
        .bind("before", before)
        .bind("limit", limit)
        .list(row ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")));
  }

  /**
   * Signs where the log ends, if anything came since the last checkpoint. Only in a transaction
   * that writes.
   *
   * @return whether a checkpoint was made
   */
  public boolean checkpoint(CheckpointSigner signer, Instant now) {
    if (writer == null) {
      throw new IllegalStateException("audit: signed in a transaction that only reads");
    }
    AuditEntry head = writer.head();
    long last = sql.statement("SELECT COALESCE(MAX(seq), 0) FROM audit_checkpoint")
        .one(row -> row.getLong(1));
    if (head.seq() <= last) {
      return false;
    }
    Checkpoint checkpoint =
        new Checkpoint(head.seq(), head.hash(), now.truncatedTo(ChronoUnit.SECONDS));
    sql.statement("INSERT INTO audit_checkpoint (seq, at, signed) VALUES (:seq, :at, :signed)")
        .bind("seq", checkpoint.seq())
        .bind("at", checkpoint.at())
        .bind("signed", signer.sign(checkpoint))
        .execute();
    return true;
  }

  /** A checkpoint as it was signed: CMS SignedData in DER. */
  public record StoredCheckpoint(long seq, byte[] signed) {}

  /** Checkpoints of entries after {@code after}, oldest first. */
  public List<StoredCheckpoint> checkpoints(long after, int limit) {
    return sql.statement("SELECT seq, signed FROM audit_checkpoint WHERE seq > :after ORDER BY seq"
            + " LIMIT :limit")
        .bind("after", after)
        .bind("limit", limit)
        .list(row -> new StoredCheckpoint(row.getLong("seq"), row.getBytes("signed")));
  }
}
