/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.List;
import org.jdbi.v3.core.Handle;

/** What operators want to look at again. */
public final class SavedViews {
  private final Handle handle;

  SavedViews(Handle handle) {
    this.handle = handle;
  }

  /** Those of an operator, by name. */
  public List<SavedView> of(String owner) {
    return handle
        .createQuery("SELECT name, path FROM saved_view WHERE owner = :owner ORDER BY name")
        .bind("owner", owner)
        .map((row, context) -> new SavedView(row.getString("name"), row.getString("path")))
        .list();
  }

  /** Keeps a view, in place of one of the same name. */
  public void put(String owner, SavedView view) {
    remove(owner, view.name());
    handle
        .createUpdate("INSERT INTO saved_view (owner, name, path) VALUES (:owner, :name, :path)")
        .bind("owner", owner)
        .bind("name", view.name())
        .bind("path", view.path())
        .execute();
  }

  /** @return false if there was none of that name */
  public boolean remove(String owner, String name) {
    return handle
            .createUpdate("DELETE FROM saved_view WHERE owner = :owner AND name = :name")
            .bind("owner", owner)
            .bind("name", name)
            .execute()
        > 0;
  }
}
