/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.enrollment.sql.Sql;
import java.sql.SQLException;
import java.util.function.Supplier;

/** What differs between a database in files of our own and one on a server. */
interface Database extends AutoCloseable {
  /** Which of the migrations that cannot be said to all in one way are meant for it. */
  String dialect();

  /** How to connect. */
  HikariConfig configuration();

  /**
   * Puts on stable storage what has been committed, if the commit has not done so.
   *
   * @param connection opened when it is asked for
   */
  void flush(Supplier<Sql> connection);

  /**
   * Makes room in a file that can be used again, a little, where the database does not do so by
   * itself.
   *
   * @return whether there is more to make
   */
  default boolean reclaim(Sql sql) {
    return false;
  }

  /** Whether something failed because the database has been closed under all who had it open. */
  default boolean isClosedUnderUs(Throwable problem) {
    return false;
  }

  /** What a failure to open means, for a user. */
  String explain(Throwable problem);

  /** Gives back what was taken when it was opened; idempotent. */
  @Override
  void close();

  /** The SQL error of a failure; 0 and an empty state if it has none. */
  record SqlError(int code, String state) {
    static SqlError of(Throwable problem) {
      for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
        if (cause instanceof SQLException sql
            && (sql.getErrorCode() != 0 || sql.getSQLState() != null)) {
          return new SqlError(
              sql.getErrorCode(), sql.getSQLState() == null ? "" : sql.getSQLState());
        }
      }
      return new SqlError(0, "");
    }
  }

  /** The first line of the innermost message. */
  static String rootMessage(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }
}
