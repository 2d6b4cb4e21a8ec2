/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * The end of the log, held for one transaction: until it ends, nobody else writes, in this process
 * or in another. Belongs to the thread of the transaction.
 */
public final class AuditWriter {
  private record Pending(AuditEntry entry, AuditEvent event, Instant at) {}

  private final Handle handle;
  private final AuditEntry head;
  private final List<Pending> pending = new ArrayList<>();

  private AuditWriter(Handle handle, AuditEntry head) {
    this.handle = handle;
    this.head = head;
  }

  /** Takes hold of the end of the log; waits for whoever holds it. */
  public static AuditWriter open(Handle handle) {
    AuditEntry head = handle
        .createQuery("SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE")
        .map((row, context) -> new AuditEntry(row.getLong("seq"), "", row.getString("hash")))
        .one();
    return new AuditWriter(handle, head);
  }

  /** Where the log ends now, for {@link #resetTo}. */
  public int mark() {
    return pending.size();
  }

  /** Forgets what was appended since. */
  public void resetTo(int mark) {
    pending.subList(mark, pending.size()).clear();
  }

  /** The last entry so far. */
  AuditEntry head() {
    return pending.isEmpty() ? head : pending.get(pending.size() - 1).entry;
  }

  void append(AuditEvent event, Instant now) {
    AuditEntry last = head();
    Instant at = now.truncatedTo(ChronoUnit.MICROS);
    pending.add(new Pending(AuditChain.entry(last.seq() + 1, last.hash(), event, at), event, at));
  }

  /** Writes what was appended; the last thing before the commit. */
  public void flush() {
    if (pending.isEmpty()) {
      return;
    }
    try (PreparedBatch batch =
        handle.prepareBatch("INSERT INTO audit_entry (seq, at, action, object, entry, hash)"
            + " VALUES (:seq, :at, :action, :object, :entry, :hash)")) {
      for (Pending next : pending) {
        batch
            .bind("seq", next.entry.seq())
            .bind("at", next.at)
            .bind("action", next.event.action())
            .bind("object", next.event.object())
            .bind("entry", next.entry.text())
            .bind("hash", next.entry.hash())
            .add();
      }
      batch.execute();
    }
    AuditEntry last = head();
    handle
        .createUpdate("UPDATE audit_head SET seq = :seq, hash = :hash WHERE id = 1")
        .bind("seq", last.seq())
        .bind("hash", last.hash())
        .execute();
  }
}
