/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What was recorded last about each of our CAs. */
public final class AuthorityStates {
  private final Sql sql;

  AuthorityStates(Sql sql) {
    this.sql = sql;
  }

  /**
   * One CA.
   *
   * @param fingerprint of its certificate; null if it was recorded by an older version
   */
  public record Recorded(String state, @Nullable String fingerprint) {}

  /** What is recorded of each CA, by id. */
  public Map<String, Recorded> all() {
    Map<String, Recorded> states = new TreeMap<>();
    sql.statement("SELECT id, state, fingerprint FROM authority")
        .list(row -> Map.entry(
            row.getString("id"),
            new Recorded(row.getString("state"), row.getString("fingerprint"))))
        .forEach(entry -> states.put(entry.getKey(), entry.getValue()));
    return states;
  }

  /** Records a state in place of the one before. */
  public void put(String id, Recorded recorded, Instant since) {
    sql.statement("DELETE FROM authority WHERE id = :id").bind("id", id).execute();
    sql.statement("INSERT INTO authority (id, state, since, fingerprint)"
            + " VALUES (:id, :state, :since, :fingerprint)")
        .bind("id", id)
        .bind("state", recorded.state())
        .bind("since", since)
        .bind("fingerprint", recorded.fingerprint())
        .execute();
  }
}
