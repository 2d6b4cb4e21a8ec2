/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariDataSource;
import dev.muster.enrollment.sql.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to the database. H2 closes its database under all who have it open when it cannot
 * write to it; they have to be thrown away together, also those in use. For whoever uses one of
 * them later on, or closes it, has H2 forget that the database is open again, and then nobody can
 * open it any more. Safe for use by several threads.
 */
final class ConnectionPool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectionPool.class);

  private final Database database;
  private final HikariDataSource pool;

  /** Given out, and perhaps given back. */
  private final Set<Connection> given = ConcurrentHashMap.newKeySet();

  ConnectionPool(Database database, HikariDataSource pool) {
    this.database = database;
    this.pool = pool;
  }

  /** Blocks, at most as long as the pool is set to. */
  Sql open() {
    try {
      return Sql.open(this::connection);
    } catch (RuntimeException e) {
      failed(e);
      throw e;
    }
  }

  private Connection connection() throws SQLException {
    given.removeIf(ConnectionPool::isClosed);
    Connection connection = pool.getConnection();
    given.add(connection);
    return connection;
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  /** To be told of each failure: after it, the next connection may be to a database opened anew. */
  void failed(Throwable problem) {
    if (database.isClosedUnderUs(problem)) {
      LOG.warn("Registry is opened anew: its database was closed error={}", problem.toString());
      pool.getHikariPoolMXBean().softEvictConnections();
      given.forEach(pool::evictConnection);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
