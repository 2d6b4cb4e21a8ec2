/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.sql;

import java.sql.SQLException;

/** The database is out of reach, or refused a statement; the cause tells. */
public final class SqlFailedException extends RuntimeException {
  /** @param what was asked */
  public SqlFailedException(String what, SQLException cause) {
    super(what + ": " + cause.getMessage(), cause);
  }
}
