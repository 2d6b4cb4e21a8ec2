/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.muster.broker.StartFailedException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database of the telemetry: an H2 file, or a PostgreSQL server. */
public final class TelemetryDatabase implements AutoCloseable {
  /** How long the answer to a question may take, all of its statements together. */
  public static final Duration QUERY_LIMIT = Duration.ofSeconds(10);

  /** Two that write, the rollups, the retention, and some that read. */
  private static final int CONNECTIONS = 10;

  /** A statement that was stopped because it took too long; the same of H2 and PostgreSQL. */
  static final String CANCELED = "57014";

  /**
   * Classes of SQL states that are about the statement: dynamic SQL error, feature not supported,
   * cardinality violation, data exception, constraint violation, invalid name of a statement,
   * syntax error or access rule violation.
   */
  private static final List<String> FAULTY_STATEMENTS =
      List.of("07", "0A", "21", "22", "23", "26", "42");

  private static final Logger LOG = LoggerFactory.getLogger(TelemetryDatabase.class);

  private final HikariDataSource dataSource;
  private final Engine engine;
  private final Engine.Claim claim;
  private final Duration queryLimit;
  /** Given out, and perhaps given back. */
  private final Set<Connection> out = ConcurrentHashMap.newKeySet();

  private TelemetryDatabase(
      HikariDataSource dataSource, Engine engine, Engine.Claim claim, Duration queryLimit) {
    this.dataSource = dataSource;
    this.engine = engine;
    this.claim = claim;
    this.queryLimit = queryLimit;
  }

  /**
   * Opens or creates the database; blocks.
   *
   * @throws StartFailedException if it cannot be used; says why
   */
  public static TelemetryDatabase open(TelemetryStorage storage) {
    return open(storage, QUERY_LIMIT);
  }

  /** As above. @param queryLimit in place of {@link #QUERY_LIMIT} */
  public static TelemetryDatabase open(TelemetryStorage storage, Duration queryLimit) {
    return open(
        storage.server() == null
            ? EmbeddedEngine.in(storage.directory())
            : PostgresEngine.of(storage.server()),
        queryLimit);
  }

  /** The embedded one. */
  public static TelemetryDatabase open(Path directory) {
    return open(new TelemetryStorage(directory, null));
  }

  static TelemetryDatabase open(Engine engine) {
    return open(engine, QUERY_LIMIT);
  }

  private static TelemetryDatabase open(Engine engine, Duration queryLimit) {
    HikariConfig config = engine.configuration();
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(5_000);
    config.setPoolName("muster-telemetry");
    HikariDataSource dataSource = null;
    try {
      dataSource = new HikariDataSource(config);
      Engine.Claim claim = engine.claim();
      return prepared(dataSource, engine, claim, queryLimit);
    } catch (FlywayException | HikariPool.PoolInitializationException | SQLException e) {
      close(dataSource);
      throw new StartFailedException(engine.explain(e), e);
    } catch (StartFailedException e) {
      close(dataSource);
      throw e;
    }
  }

  private static TelemetryDatabase prepared(
      HikariDataSource dataSource, Engine engine, Engine.Claim claim, Duration queryLimit)
      throws SQLException {
    try {
      prepare(dataSource, engine);
      return new TelemetryDatabase(dataSource, engine, claim, queryLimit);
    } catch (SQLException | RuntimeException e) {
      release(claim);
      throw e;
    }
  }

  private static void release(Engine.Claim claim) {
    try {
      claim.close();
    } catch (SQLException e) {
      // A connection that is broken has let go already.
      LOG.debug("Database not let go error={}", e.toString());
    }
  }

  private static void prepare(HikariDataSource dataSource, Engine engine) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      engine.check(connection);
    }
    Flyway.configure()
        .dataSource(dataSource)
        .locations("classpath:dev/muster/broker/migrations")
        .load()
        .migrate();
  }

  private static void close(@Nullable HikariDataSource dataSource) {
    if (dataSource != null) {
      dataSource.close();
    }
  }

  /** A connection of the pool; blocks, at most 5 s. */
  public Connection connect() throws SQLException {
    Connection connection = take();
    if (engine.answers(connection)) {
      return connection;
    }
    // The next one opens the database again.
    discard(connection);
    connection.close();
    return take();
  }

  private Connection take() throws SQLException {
    out.removeIf(TelemetryDatabase::isClosed);
    try {
      Connection connection = dataSource.getConnection();
      out.add(connection);
      return connection;
    } catch (SQLException e) {
      if (engine.isHeldByOurselves(e)) {
        LOG.warn("Database is opened anew, under all who have it open");
        out.forEach(dataSource::evictConnection);
      }
      throw e;
    }
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  /**
   * As {@link #connect}, for those who write on and on: it makes sure that the database is ours
   * alone, since what broke their connection may have broken that too.
   */
  public Connection connectToWrite() throws SQLException {
    claim.renew();
    return connect();
  }

  /**
   * As {@link #connect}, to answer one question: what is prepared with it is stopped when all of it
   * has taken too long, which {@link #tookTooLong} tells.
   */
  public Connection connectToRead() throws SQLException {
    return ReadingConnection.of(connect(), queryLimit);
  }

  /** SQL to follow other conditions, with a place for each fleet; empty if all are meant. */
  public static String within(List<String> fleets) {
    return fleets.isEmpty() ? "" : " AND fleet IN (" + "?,".repeat(fleets.size() - 1) + "?)";
  }

  /** Whether a question was not answered because that took too long. */
  public static boolean tookTooLong(Throwable problem) {
    return problem instanceof SQLException sql && CANCELED.equals(sql.getSQLState());
  }

  /**
   * Whether something failed because a database does not work, ours or another: not for what was
   * asked of it, which fails again however often it is tried.
   */
  public static boolean isOutOfOrder(@Nullable Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        String state = String.valueOf(sql.getSQLState());
        return FAULTY_STATEMENTS.stream().noneMatch(state::startsWith);
      }
    }
    return false;
  }

  /** Puts on stable storage what this connection has committed. */
  public void flush(Connection connection) throws SQLException {
    engine.flush(connection);
  }

  /** Makes a little room that can be used again. @return whether there is more to make */
  public boolean reclaim() throws SQLException {
    try (Connection connection = connect()) {
      return engine.reclaim(connection);
    }
  }

  /** Closes a connection that has failed, and the idle ones with it: they share its fate. */
  public void discard(Connection connection) {
    dataSource.evictConnection(connection);
    dataSource.getHikariPoolMXBean().softEvictConnections();
  }

  @Override
  public void close() {
    dataSource.close();
    release(claim);
  }
}
