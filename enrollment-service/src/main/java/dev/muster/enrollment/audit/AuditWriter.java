/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The end of the log, held for one transaction: until it ends, nobody else writes, in this process
 * or in another. Belongs to the thread of the transaction.
 */
public final class AuditWriter {
  private record Pending(AuditEntry entry, AuditEvent event, Instant at) {}

  private final Sql sql;
  private final AuditEntry head;
  private final List<Pending> pending = new ArrayList<>();

  private AuditWriter(Sql sql, AuditEntry head) {
    this.sql = sql;
    this.head = head;
  }

  /** Takes hold of the end of the log; waits for whoever holds it. */
  public static AuditWriter open(Sql sql) {
    AuditEntry head = sql.statement("SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE")
        .one(row -> new AuditEntry(row.getLong("seq"), "", row.getString("hash")));
    return new AuditWriter(sql, head);
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
    sql.statement("INSERT INTO audit_entry (seq, at, action, object, entry, hash)"
            + " VALUES (:seq, :at, :action, :object, :entry, :hash)")
        .executeEach(
            pending,
            (row, next) -> row.bind("seq", next.entry.seq())
                .bind("at", next.at)
                .bind("action", next.event.action())
                .bind("object", next.event.object())
                .bind("entry", next.entry.text())
                .bind("hash", next.entry.hash()));
    AuditEntry last = head();
    sql.statement("UPDATE audit_head SET seq = :seq, hash = :hash WHERE id = 1")
        .bind("seq", last.seq())
        .bind("hash", last.hash())
        .execute();
  }
}
