/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.enrollment.audit.AuditEvent;

/** Where it is written down who did what. */
@FunctionalInterface
public interface Journal {
  /**
   * Returns when it is on the disk; blocks. Called before what it tells of: no change without an
   * entry.
   */
  void note(AuditEvent event);

  /**
   * As {@link #note}, of an operator who is removed: what services keep for him goes, too.
   *
   * @param operator as the log calls him
   */
  default void noteGone(AuditEvent event, String operator) {
    note(event);
  }

  /**
   * As {@link #note}, of an operator who may do less from now on: what he has ordered and is not
   * through stops.
   *
   * @param operator as the log calls him
   */
  default void noteLess(AuditEvent event, String operator) {
    note(event);
  }
}
