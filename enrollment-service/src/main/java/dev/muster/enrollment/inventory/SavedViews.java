/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.util.List;

/** What operators want to look at again. */
public final class SavedViews {
  private final Sql sql;

  SavedViews(Sql sql) {
    this.sql = sql;
  }

  /** Those of an operator, by name. */
  public List<SavedView> of(String owner) {
    return sql.statement("SELECT name, path FROM saved_view WHERE owner = :owner ORDER BY name")
        .bind("owner", owner)
        .list(row -> new SavedView(row.getString("name"), row.getString("path")));
  }

  /** Keeps a view, in place of one of the same name. */
  public void put(String owner, SavedView view) {
    remove(owner, view.name());
    sql.statement("INSERT INTO saved_view (owner, name, path) VALUES (:owner, :name, :path)")
        .bind("owner", owner)
        .bind("name", view.name())
        .bind("path", view.path())
        .execute();
  }

  /** @return false if there was none of that name */
  public boolean remove(String owner, String name) {
    return sql.statement("DELETE FROM saved_view WHERE owner = :owner AND name = :name")
            .bind("owner", owner)
            .bind("name", name)
            .execute()
        > 0;
  }

  /** Forgets those of whoever is gone: another may come to have the name. */
  public void removeAll(String owner) {
    sql.statement("DELETE FROM saved_view WHERE owner = :owner")
        .bind("owner", owner)
        .execute();
  }
}
