/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.h2.api.ErrorCode;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * The database of the enrollment service: H2 files in a directory of their own.
 *
 * <p>Thread-safe. Everything blocks; never call it on an event loop.
 */
public final class Registry implements AutoCloseable {
  private static final int CONNECTIONS = 8;
  private static final long CONNECTION_TIMEOUT_MS = 5_000;

  private final HikariDataSource source;
  private final Jdbi jdbi;
  private final GroupFlush flush;

  private Registry(HikariDataSource source) {
    this.source = source;
    this.jdbi = Jdbi.create(source);
    // WRITE_DELAY=0 hands a commit to the operating system; only this puts it on the disk.
    this.flush = new GroupFlush(() -> jdbi.useHandle(handle -> handle.execute("CHECKPOINT SYNC")));
  }

  /** The tables, within one transaction. */
  public static final class Tables {
    private final Handle handle;

    private Tables(Handle handle) {
      this.handle = handle;
    }

    public Manufacturers manufacturers() {
      return new Manufacturers(handle);
    }

    public Devices devices() {
      return new Devices(handle);
    }

    public Certificates certificates() {
      return new Certificates(handle);
    }

    public PendingEnrollments pending() {
      return new PendingEnrollments(handle);
    }

    public Crls crls() {
      return new Crls(handle);
    }
  }

  /**
   * Opens the database, makes it if it is not there, and brings its tables up to date.
   *
   * @throws RegistryUnavailableException if it is in use, damaged, or cannot be written
   */
  public static Registry open(Path directory) {
    Path folder = directory.toAbsolutePath().normalize();
    try {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new RegistryUnavailableException(
          "databaseDirectory: \"" + folder + "\" cannot be made ("
              + e.getClass().getSimpleName()
              + "; expected: a directory, or a place where one can be made)",
          e);
    }
    Path file = folder.resolve("registry");
    HikariDataSource source = null;
    try {
      source = new HikariDataSource(configuration(file));
      Flyway.configure(Registry.class.getClassLoader())
          .dataSource(source)
          .locations("classpath:dev/muster/enrollment/inventory/migration")
          .load()
          .migrate();
      return new Registry(source);
    } catch (HikariPool.PoolInitializationException | FlywayException | JdbiException e) {
      if (source != null) {
        source.close();
      }
      throw new RegistryUnavailableException(explain(Path.of(file + ".mv.db"), e), e);
    }
  }

  private static HikariConfig configuration(Path file) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("muster-registry");
    // The JVM's exit hook would race with our own close().
    config.setJdbcUrl("jdbc:h2:file:" + file + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE");
    config.setUsername("sa");
    config.setPassword("");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECTION_TIMEOUT_MS);
    return config;
  }

  private static String explain(Path file, Throwable problem) {
    int code = errorCode(problem);
    if (code == ErrorCode.DATABASE_ALREADY_OPEN_1) {
      return file + ": in use by another process (expected: one enrollment service per directory)";
    }
    if (code == ErrorCode.FILE_CORRUPTED_1 || code == ErrorCode.FILE_VERSION_ERROR_1) {
      return file + ": damaged (restore it from a backup; without it no certificate can be renewed"
          + " or revoked)";
    }
    return file + ": cannot be opened: " + rootMessage(problem)
        + " (expected: a writable directory with free space)";
  }

  private static int errorCode(@Nullable Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getErrorCode() != 0) {
        return sql.getErrorCode();
      }
    }
    return 0;
  }

  private static String rootMessage(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }

  /** Reads, in one transaction. */
  public <T extends @Nullable Object> T read(Function<Tables, T> work) {
    return jdbi.inTransaction(handle -> work.apply(new Tables(handle)));
  }

  /**
   * Works in one transaction, and returns when what it wrote is on stable storage.
   *
   * @throws RuntimeException what {@code work} threw, after a rollback; or the failure to commit or
   *     flush, after which the outcome is unknown and must not be acknowledged
   */
  public <T extends @Nullable Object> T commit(Function<Tables, T> work) {
    T result = jdbi.inTransaction(handle -> work.apply(new Tables(handle)));
    flush.flush();
    return result;
  }

  /** Closes the files; idempotent. */
  @Override
  public void close() {
    if (!source.isClosed()) {
      jdbi.useHandle(handle -> handle.execute("SHUTDOWN"));
      source.close();
    }
  }
}
