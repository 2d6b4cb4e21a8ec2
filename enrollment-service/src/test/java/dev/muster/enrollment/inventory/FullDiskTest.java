/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.enrollment.sql.Sql;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk is full, H2 closes its database under all who have it open, and there is room again. */
class FullDiskTest {
  private static final int READERS = 6;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path folder;

  private Registry registry;

  @BeforeEach
  void open() {
    FilePath.register(new FullDisk());
    FullDisk.full = false;
    registry = Registry.open(new OnFullDisk(EmbeddedDatabase.open(folder)));
  }

  @AfterEach
  void close() {
    FullDisk.full = false;
    registry.close();
  }

  private boolean keeps(String name) {
    return registry.commit(tables -> {
      tables.views().put("ada", new SavedView(name, "/devices"));
      return true;
    });
  }

  private boolean isFound(String name) {
    return registry.read(
        tables -> tables.views().of("ada").stream().anyMatch(view -> view.name().equals(name)));
  }

  @Test
  void fullDisk_isAFailure_andPasses() {
    keeps("before");
    FullDisk.full = true;
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> keeps("meanwhile")).isInstanceOf(RuntimeException.class);
    }
    FullDisk.full = false;
    await().atMost(LIMIT).ignoreExceptions().until(() -> keeps("after"));
    assertThat(isFound("before")).isTrue();
    assertThat(isFound("after")).isTrue();
  }

  @Test
  void connectionsThatHaveNotNoticed_keepNobodyOut() throws Exception {
    keeps("before");
    ExecutorService readers = Executors.newFixedThreadPool(READERS);
    CountDownLatch reading = new CountDownLatch(READERS);
    CountDownLatch passed = new CountDownLatch(1);
    try {
      List<Future<Boolean>> late = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        late.add(readers.submit(() -> registry.read(tables -> {
          tables.views().of("ada");
          reading.countDown();
          awaitQuietly(passed);
          return tables.views().of("ada").isEmpty();
        })));
      }
      assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
      FullDisk.full = true;
      assertThatThrownBy(() -> keeps("meanwhile")).isInstanceOf(RuntimeException.class);
      FullDisk.full = false;
      await().atMost(LIMIT).ignoreExceptions().until(() -> keeps("after"));
      passed.countDown();
      for (Future<Boolean> one : late) {
        assertThatThrownBy(() -> one.get(60, TimeUnit.SECONDS)).isNotNull();
      }

      await().atMost(LIMIT).ignoreExceptions().until(() -> allAnswer(readers));
      await().atMost(LIMIT).ignoreExceptions().until(() -> keeps("later"));
    } finally {
      passed.countDown();
      readers.shutdownNow();
    }
  }

  /** Whether as many as the pool has connections for are answered at the same time. */
  private boolean allAnswer(ExecutorService readers) throws Exception {
    CountDownLatch together = new CountDownLatch(READERS);
    List<Future<Boolean>> asked = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      asked.add(readers.submit(() -> registry.read(tables -> {
        boolean found =
            tables.views().of("ada").stream().anyMatch(view -> view.name().equals("after"));
        together.countDown();
        awaitQuietly(together);
        return found;
      })));
    }
    for (Future<Boolean> one : asked) {
      if (!one.get(60, TimeUnit.SECONDS)) {
        return false;
      }
    }
    return true;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The embedded database, in files on such a disk. */
  private record OnFullDisk(Database database) implements Database {
    @Override
    public String dialect() {
      return database.dialect();
    }

    @Override
    public HikariConfig configuration() {
      HikariConfig config = database.configuration();
      config.setJdbcUrl(config.getJdbcUrl().replace("jdbc:h2:file:", "jdbc:h2:fullregistry:"));
      return config;
    }

    @Override
    public void flush(Supplier<Sql> connection) {
      database.flush(connection);
    }

    @Override
    public boolean isClosedUnderUs(Throwable problem) {
      return database.isClosedUnderUs(problem);
    }

    @Override
    public String explain(Throwable problem) {
      return database.explain(problem);
    }

    @Override
    public void close() {
      database.close();
    }
  }

  /** A disk that can be full: H2's own hook for file systems. */
  public static final class FullDisk extends FilePathWrapper {
    static volatile boolean full;

    @Override
    public String getScheme() {
      return "fullregistry";
    }

    @Override
    public FileChannel open(String mode) throws IOException {
      return new FullFile(super.open(mode));
    }
  }

  private static final class FullFile extends FileBaseDefault {
    private final FileChannel channel;

    FullFile(FileChannel channel) {
      this.channel = channel;
    }

    private static void check() throws IOException {
      if (FullDisk.full) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      check();
      return channel.write(source, position);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    protected void implTruncate(long size) throws IOException {
      check();
      channel.truncate(size);
    }

    @Override
    public void force(boolean metaData) throws IOException {
      check();
      channel.force(metaData);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }
}
