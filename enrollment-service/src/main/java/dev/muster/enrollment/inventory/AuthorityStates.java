/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What was recorded last about each of our CAs. */
public final class AuthorityStates {
  private final Sql sql;

  AuthorityStates(Sql sql) {
    this.sql = sql;
  }

  /** The recorded state of each CA, by id. */
  public Map<String, String> all() {
    Map<String, String> states = new HashMap<>();
    sql.statement("SELECT id, state FROM authority")
        .list(row -> Map.entry(row.getString("id"), row.getString("state")))
        .forEach(entry -> states.put(entry.getKey(), entry.getValue()));
    return states;
  }

  /** Records a state in place of the one before. */
  public void put(String id, String state, Instant since) {
    sql.statement("DELETE FROM authority WHERE id = :id").bind("id", id).execute();
    sql.statement("INSERT INTO authority (id, state, since) VALUES (:id, :state, :since)")
        .bind("id", id)
        .bind("state", state)
        .bind("since", since)
        .execute();
  }
}
