/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.muster.enrollment.audit.AuditTrail;
import dev.muster.enrollment.audit.AuditWriter;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlFailedException;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * The database of the enrollment service: H2 files of its own, or a PostgreSQL server.
 *
 * <p>Thread-safe. Everything blocks; never call it on an event loop.
 */
public final class Registry implements AutoCloseable {
  private static final String MIGRATIONS = "classpath:dev/muster/enrollment/inventory/migration";

  /** Two of the commits, and those that read. */
  private static final int CONNECTIONS = 9;

  private static final long CONNECTION_TIMEOUT_MS = 5_000;

  private final Database database;
  private final ConnectionPool connections;
  private final GroupCommit commits;

  private Registry(Database database, HikariDataSource source) {
    this.database = database;
    this.connections = new ConnectionPool(database, source);
    this.commits = new GroupCommit(connections, database::flush);
  }

  /** The tables, within one transaction. */
  public static final class Tables {
    private final Sql sql;
    private final @Nullable AuditWriter audit;

    Tables(Sql sql, @Nullable AuditWriter audit) {
      this.sql = sql;
      this.audit = audit;
    }

    public Manufacturers manufacturers() {
      return new Manufacturers(sql);
    }

    public Devices devices() {
      return new Devices(sql);
    }

    public Summaries summaries() {
      return new Summaries(sql);
    }

    public Alarms alarms() {
      return new Alarms(sql);
    }

    public Manifests manifests() {
      return new Manifests(sql);
    }

    public DeviceLabels labels() {
      return new DeviceLabels(sql);
    }

    public SavedViews views() {
      return new SavedViews(sql);
    }

    public Certificates certificates() {
      return new Certificates(sql);
    }

    public PendingEnrollments pending() {
      return new PendingEnrollments(sql);
    }

    public Claims claims() {
      return new Claims(sql);
    }

    public Answers answers() {
      return new Answers(sql);
    }

    public BulkJobs bulk() {
      return new BulkJobs(sql);
    }

    public RenewalOrders renewalOrders() {
      return new RenewalOrders(sql);
    }

    public AuthorityStates authorities() {
      return new AuthorityStates(sql);
    }

    public Crls crls() {
      return new Crls(sql);
    }

    public TakenBackCertificates takenBack() {
      return new TakenBackCertificates(sql);
    }

    public AuditTrail audit() {
      return new AuditTrail(sql, audit);
    }
  }

  /**
   * Opens the database, makes it if it is not there, and brings its tables up to date.
   *
   * @throws RegistryUnavailableException if it is in use, damaged, out of reach, or cannot be
   *     written
   */
  public static Registry open(StorageConfig storage) {
    return open(
        storage.server() == null
            ? EmbeddedDatabase.open(storage.directory())
            : PostgresDatabase.open(storage.server()));
  }

  static Registry open(Database database) {
    HikariDataSource source = null;
    try {
      source = new HikariDataSource(configuration(database));
      Flyway.configure(Registry.class.getClassLoader())
          .dataSource(source)
          .locations(MIGRATIONS, MIGRATIONS + "_" + database.dialect())
          .load()
          .migrate();
      return new Registry(database, source);
    } catch (HikariPool.PoolInitializationException | FlywayException | SqlFailedException e) {
      if (source != null) {
        source.close();
      }
      database.close();
      throw new RegistryUnavailableException(database.explain(e), e);
    }
  }

  private static HikariConfig configuration(Database database) {
    HikariConfig config = database.configuration();
    config.setPoolName("muster-registry");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECTION_TIMEOUT_MS);
    return config;
  }

  /** Reads, in one transaction. */
  public <T extends @Nullable Object> T read(Function<Tables, T> work) {
    try (Sql sql = connections.open()) {
      return read(sql, work);
    }
  }

  private <T extends @Nullable Object> T read(Sql sql, Function<Tables, T> work) {
    try {
      T result = work.apply(new Tables(sql, null));
      sql.commit();
      return result;
    } catch (RuntimeException e) {
      connections.failed(e);
      throw e;
    }
  }

  /**
   * Works in one transaction, and returns when what it wrote is on stable storage. Writers run one
   * after another, also those of other processes on the same database: what {@code work} reads
   * still holds when it commits. It runs on a thread of the registry, together with others, so it
   * does nothing but read, decide, sign and write.
   *
   * @throws RuntimeException what {@code work} threw, after which nothing of it is kept; or the
   *     failure to commit or flush, after which the outcome is unknown and must not be acknowledged
   */
  public <T extends @Nullable Object> T commit(Function<Tables, T> work) {
    return commits.commit(work);
  }

  /**
   * Makes room in the embedded database's file that is used again, about a megabyte at a time; who
   * commits meanwhile waits for it. Does nothing where a server keeps the database.
   *
   * @return whether there is more to make
   */
  public boolean reclaim() {
    try (Sql sql = connections.open()) {
      return reclaim(sql);
    }
  }

  private boolean reclaim(Sql sql) {
    try {
      return database.reclaim(sql);
    } catch (RuntimeException e) {
      connections.failed(e);
      throw e;
    }
  }

  /** Finishes what is under way and closes the files; idempotent. */
  @Override
  public void close() {
    commits.close();
    // H2 closes its files with the last connection.
    connections.close();
    database.close();
  }
}
