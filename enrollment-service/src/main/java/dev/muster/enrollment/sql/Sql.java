/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.HashMap;
import java.util.Map;

/**
 * SQL on one connection, in transactions: one begins with the first statement and after each
 * {@link #commit}. A text is prepared when it comes for the first time and stays prepared as long
 * as the connection is held, because issuing asks the same few questions over and over. Texts are
 * constants, then; what changes is bound.
 *
 * <p>Belongs to one thread.
 */
public final class Sql implements AutoCloseable {
  private final Connection connection;
  private final Map<String, SqlStatement> statements = new HashMap<>();

  private Sql(Connection connection) {
    this.connection = connection;
  }

  /** Where a connection is to be had. */
  public interface Source {
    Connection connection() throws SQLException;
  }

  /** On a connection of a pool, which rolls back what is open when it gets it back. */
  public static Sql open(Source source) {
    try {
      Connection connection = source.connection();
      connection.setAutoCommit(false);
      return new Sql(connection);
    } catch (SQLException e) {
      throw new SqlFailedException("connection", e);
    }
  }

  /** @param text with parameters like {@code :name}; each is to be bound before it is run */
  public SqlStatement statement(String text) {
    SqlStatement known = statements.get(text);
    if (known == null) {
      known = SqlStatement.prepare(connection, text);
      statements.put(text, known);
    }
    return known.anew();
  }

  /** The driver's own connection, for what is no SQL. */
  public <T> T unwrap(Class<T> driver) {
    try {
      return connection.unwrap(driver);
    } catch (SQLException e) {
      throw new SqlFailedException("unwrap", e);
    }
  }

  public void commit() {
    try {
      connection.commit();
    } catch (SQLException e) {
      throw new SqlFailedException("commit", e);
    }
  }

  /** To which {@link #rollBackTo} goes back. */
  public Savepoint savepoint() {
    try {
      // Of one name, so that its text, too, is one that the database knows.
      return connection.setSavepoint("here");
    } catch (SQLException e) {
      throw new SqlFailedException("savepoint", e);
    }
  }

  public void rollBackTo(Savepoint savepoint) {
    try {
      connection.rollback(savepoint);
    } catch (SQLException e) {
      throw new SqlFailedException("rollback", e);
    }
  }

  /** Gives the connection back, and what was not committed up; never throws. */
  @Override
  public void close() {
    try {
      // Its statements end with it, or go on in the pool's own cache.
      connection.close();
    } catch (SQLException | RuntimeException e) {
      // The pool throws away what it cannot use, and trips over what it has thrown away already.
    }
  }
}
