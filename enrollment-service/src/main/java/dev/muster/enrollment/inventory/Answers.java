/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.util.Optional;

/** What was answered to requests that may be sent again. */
public final class Answers {
  private final Sql sql;

  Answers(Sql sql) {
    this.sql = sql;
  }

  /**
   * One of them.
   *
   * @param request a digest of what was asked
   * @param sealed the answer, which only whoever asked can open
   */
  public record Answer(String request, byte[] sealed) {}

  public Optional<Answer> find(String keyId, Instant keptSince) {
    return sql.statement(
            "SELECT request, sealed FROM answer WHERE key_id = :id AND kept_at > :since")
        .bind("id", keyId)
        .bind("since", keptSince)
        .first(row -> new Answer(row.getString("request"), row.getBytes("sealed")));
  }

  public void insert(String keyId, Answer answer, Instant now) {
    sql.statement("INSERT INTO answer (key_id, request, sealed, kept_at)"
            + " VALUES (:id, :request, :sealed, :now)")
        .bind("id", keyId)
        .bind("request", answer.request())
        .bind("sealed", answer.sealed())
        .bind("now", now)
        .execute();
  }

  /** Forgets those that were kept until then. */
  public int forget(Instant until) {
    return sql.statement("DELETE FROM answer WHERE kept_at <= :until")
        .bind("until", until)
        .execute();
  }
}
