/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.muster.enrollment.audit.AuditTrail;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Set;
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
  private final FileChannel lock;

  private Registry(HikariDataSource source, FileChannel lock) {
    this.source = source;
    this.lock = lock;
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

    public AuditTrail audit() {
      return new AuditTrail(handle);
    }
  }

  /**
   * Opens the database, makes it if it is not there, and brings its tables up to date.
   *
   * @throws RegistryUnavailableException if it is in use, damaged, or cannot be written
   */
  public static Registry open(StorageConfig storage) {
    Path folder = storage.directory().toAbsolutePath().normalize();
    try {
      Set<PosixFilePermission> ownerOnly = PosixFilePermissions.fromString("rwx------");
      // From the first moment on, and for the folders above that are made, too.
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(ownerOnly));
      Files.setPosixFilePermissions(folder, ownerOnly);
    } catch (IOException e) {
      throw new RegistryUnavailableException(
          "databaseDirectory: \"" + folder + "\" cannot be made ("
              + e.getClass().getSimpleName()
              + "; expected: a directory, or a place where one can be made)",
          e);
    }
    Path file = folder.resolve("registry");
    FileChannel lock = lock(folder);
    HikariDataSource source = null;
    try {
      source = new HikariDataSource(configuration(file));
      Flyway.configure(Registry.class.getClassLoader())
          .dataSource(source)
          .locations("classpath:dev/muster/enrollment/inventory/migration")
          .load()
          .migrate();
      return new Registry(source, lock);
    } catch (HikariPool.PoolInitializationException | FlywayException | JdbiException e) {
      if (source != null) {
        source.close();
      }
      unlock(lock);
      throw new RegistryUnavailableException(explain(Path.of(file + ".mv.db"), e), e);
    }
  }

  /** H2 keeps other processes out, but lets this process open its files twice. */
  private static FileChannel lock(Path folder) {
    Path file = folder.resolve("lock");
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Locked by this very process; the same answer.
    } catch (IOException e) {
      unlock(channel);
      throw new RegistryUnavailableException(
          "databaseDirectory: " + file + " cannot be written (expected: a writable directory)", e);
    }
    unlock(channel);
    throw new RegistryUnavailableException(inUse(folder), null);
  }

  private static void unlock(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String inUse(Path place) {
    return place + ": in use (expected: one enrollment service per directory; is another running?)";
  }

  private static HikariConfig configuration(Path file) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("muster-registry");
    // The JVM's exit hook would race with our own close().
    // A trace file would hold statements with their values, and grow.
    config.setJdbcUrl(
        "jdbc:h2:file:" + file + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0");
    config.setUsername("sa");
    config.setPassword("");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECTION_TIMEOUT_MS);
    return config;
  }

  private static String explain(Path file, Throwable problem) {
    int code = errorCode(problem);
    if (code == ErrorCode.DATABASE_ALREADY_OPEN_1) {
      return inUse(file);
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
    // H2 closes its files with the last connection.
    source.close();
    unlock(lock);
  }
}
