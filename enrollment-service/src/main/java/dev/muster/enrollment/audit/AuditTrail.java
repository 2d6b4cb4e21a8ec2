/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** The log's table, within one transaction. */
public final class AuditTrail {
  private final Handle handle;

  public AuditTrail(Handle handle) {
    this.handle = handle;
  }

  /**
   * Adds an entry; it is there if the transaction commits. From here to its end the transaction
   * keeps other writers of the log waiting, so this comes late in it.
   */
  public AuditEntry append(AuditEvent event, Instant now) {
    record Head(long seq, String hash) {}

    Head head = handle
        .createQuery("SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE")
        .map((row, context) -> new Head(row.getLong("seq"), row.getString("hash")))
        .one();
    Instant at = now.truncatedTo(ChronoUnit.MICROS);
    AuditEntry entry = AuditChain.entry(head.seq + 1, head.hash, event, at);
    handle
        .createUpdate("INSERT INTO audit_entry (seq, at, action, object, entry, hash)"
            + " VALUES (:seq, :at, :action, :object, :entry, :hash)")
        .bind("seq", entry.seq())
        .bind("at", at)
        .bind("action", event.action())
        .bind("object", event.object())
        .bind("entry", entry.text())
        .bind("hash", entry.hash())
        .execute();
    handle
        .createUpdate("UPDATE audit_head SET seq = :seq, hash = :hash WHERE id = 1")
        .bind("seq", entry.seq())
        .bind("hash", entry.hash())
        .execute();
    return entry;
  }

  /** Entries after {@code after}, oldest first. */
  public List<AuditEntry> page(long after, int limit) {
    return handle
        .createQuery(
            "SELECT seq, entry, hash FROM audit_entry WHERE seq > :after ORDER BY seq LIMIT :limit")
        .bind("after", after)
        .bind("limit", limit)
        .map((row, context) ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")))
        .list();
  }

  /** Entries about one object after {@code after}, oldest first. */
  public List<AuditEntry> about(String object, long after, int limit) {
    return handle
        .createQuery("SELECT seq, entry, hash FROM audit_entry WHERE object = :object"
            + " AND seq > :after ORDER BY seq LIMIT :limit")
        .bind("object", object)
        .bind("after", after)
        .bind("limit", limit)
        .map((row, context) ->
            new AuditEntry(row.getLong("seq"), row.getString("entry"), row.getString("hash")))
        .list();
  }
}
