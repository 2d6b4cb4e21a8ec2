/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;

/** What differs between a database in a file of our own and one on a server. */
interface Engine {
  /** How to connect. */
  HikariConfig configuration();

  /**
   * Makes sure that a commit can be relied on.
   *
   * @throws dev.muster.broker.StartFailedException if not; says why
   */
  void check(Connection connection) throws SQLException;

  /** Whether a connection that was used before still works; asked before it is used again. */
  boolean answers(Connection connection);

  /**
   * Whether no connection can be opened because of those that are open: they have to be closed
   * first, also where they work.
   */
  default boolean isHeldByOurselves(SQLException problem) {
    return false;
  }

  /** Puts on stable storage what has been committed, if the commit has not done so. */
  void flush(Connection connection) throws SQLException;

  /**
   * Makes room in a file that can be used again, a little, where the database does not do so by
   * itself.
   *
   * @return whether there is more to make
   */
  default boolean reclaim(Connection connection) throws SQLException {
    return false;
  }

  /**
   * Takes the database for this process alone: a broker takes all whom it does not know for gone,
   * and reads a version before it writes the next.
   *
   * @throws dev.muster.broker.StartFailedException if another has it
   */
  Claim claim() throws SQLException;

  /** That the database is this process's; closed when others may have it. */
  interface Claim extends AutoCloseable {
    /**
     * Makes sure of it, and takes it again if it was lost with a connection.
     *
     * @throws SQLException if another has it now: nothing may be written then
     */
    void renew() throws SQLException;

    @Override
    void close() throws SQLException;
  }

  /** What a failure to open means, for an operator. */
  String explain(Throwable problem);

  /** The first line of the innermost message. */
  static String rootMessage(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.toString() : root.getMessage();
    return message.lines().findFirst().orElse("").strip();
  }
}
