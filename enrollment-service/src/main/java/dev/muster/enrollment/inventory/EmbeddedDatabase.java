/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlFailedException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Supplier;
import org.h2.api.ErrorCode;
import org.h2.engine.Session;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.message.DbException;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/** H2 files in a directory of their own, for one process at a time. */
final class EmbeddedDatabase implements Database {
  /** Percent of what is written that should be of use; below, there is room to make. */
  private static final int USEFUL = 50;

  /** So that who commits meanwhile waits for some tens of milliseconds. */
  private static final int REWRITTEN_AT_ONCE = 1024 * 1024;

  /** H2 closes a database that it cannot write: on a disk that is nearly full nothing is moved. */
  private static final long LEAST_ROOM = 64L * 1024 * 1024;

  private final Path file;
  private final FileChannel lock;

  private EmbeddedDatabase(Path file, FileChannel lock) {
    this.file = file;
    this.lock = lock;
  }

  /** @throws RegistryUnavailableException if the directory is in use, or cannot be written */
  static EmbeddedDatabase open(Path directory) {
    Path folder = directory.toAbsolutePath().normalize();
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
    return new EmbeddedDatabase(folder.resolve("registry"), lock(folder));
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

  @Override
  public String dialect() {
    return "h2";
  }

  @Override
  public HikariConfig configuration() {
    HikariConfig config = new HikariConfig();
    // The JVM's exit hook would race with our own close().
    // A trace file would hold statements with their values, and grow.
    // Results that are used again: of EXISTS, they do not know of what the same transaction wrote.
    config.setJdbcUrl("jdbc:h2:file:" + file
        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;QUERY_CACHE_SIZE=128"
        + ";OPTIMIZE_REUSE_RESULTS=0");
    config.setUsername("sa");
    config.setPassword("");
    return config;
  }

  /**
   * WRITE_DELAY=0 hands a commit to the operating system; only this puts it on the disk. It is not
   * {@code CHECKPOINT SYNC}, which would first write what the next group has changed so far, and
   * that is written once more when it is committed.
   */
  @Override
  public void flush(Supplier<Sql> connection) {
    try {
      store(connection.get()).sync();
    } catch (DbException e) {
      throw new SqlFailedException("sync", e.getSQLException());
    } catch (MVStoreException e) {
      // As H2's own statements tell it.
      int code = e.getErrorCode() == DataUtils.ERROR_CLOSED
          ? ErrorCode.DATABASE_IS_CLOSED
          : ErrorCode.IO_EXCEPTION_1;
      throw new SqlFailedException(
          "sync", DbException.getJdbcSQLException(code, e, file.toString()));
    }
  }

  private static MVStore store(Sql sql) {
    Session session = sql.unwrap(JdbcConnection.class).getSession();
    if (session instanceof SessionLocal local) {
      return local.getDatabase().getStore().getMvStore();
    }
    // Another has found the database closed, and threw this connection away.
    throw DbException.get(ErrorCode.DATABASE_IS_CLOSED);
  }

  /**
   * H2 writes what a commit touches in one piece, whose place is free when none of it is of use any
   * more: a page that stays keeps it. WRITE_DELAY=0 does away with the thread on which it would
   * write such pages anew.
   */
  @Override
  public boolean reclaim(Sql sql) {
    if (new File(file + ".mv.db").getUsableSpace() < LEAST_ROOM) {
      return false;
    }
    MVStore store = store(sql);
    boolean some = store.compact(USEFUL, REWRITTEN_AT_ONCE);
    if (some) {
      store.commit();
      // Before the places where the pages were are written over.
      store.sync();
    }
    return some;
  }

  /** The last is what comes of using a connection to what had been closed. */
  @Override
  public boolean isClosedUnderUs(Throwable problem) {
    return switch (SqlError.of(problem).code()) {
      case ErrorCode.DATABASE_IS_CLOSED,
          ErrorCode.CONNECTION_BROKEN_1,
          ErrorCode.DATABASE_ALREADY_OPEN_1 -> true;
      default -> false;
    };
  }

  @Override
  public String explain(Throwable problem) {
    Path database = Path.of(file + ".mv.db");
    return switch (SqlError.of(problem).code()) {
      case ErrorCode.DATABASE_ALREADY_OPEN_1 -> inUse(database);
      case ErrorCode.FILE_CORRUPTED_1, ErrorCode.FILE_VERSION_ERROR_1 ->
        database + ": damaged (restore it from a backup; without it no certificate can be renewed"
            + " or revoked)";
      default ->
        database + ": cannot be opened: " + Database.rootMessage(problem)
            + " (expected: a writable directory with free space)";
    };
  }

  @Override
  public void close() {
    unlock(lock);
  }
}
