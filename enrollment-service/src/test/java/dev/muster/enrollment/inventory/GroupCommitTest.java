/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.muster.enrollment.sql.Sql;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who writes while a slow disk still takes what others wrote. */
class GroupCommitTest {
  private static final long LIMIT_S = 60;

  private final SlowDisk disk = new SlowDisk();
  private final Registry registry = Registry.open(disk);
  private final ExecutorService writers = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    writers.shutdownNow();
    disk.answers.add("");
    disk.answers.add("");
    registry.close();
  }

  @Test
  void workThatComesDuringAFlush_isRun_andCommittedOnlyAfterIt() throws Exception {
    Future<?> first = writers.submit(() -> keep("first", new CountDownLatch(1)));
    disk.awaitFlush();
    CountDownLatch hasRun = new CountDownLatch(1);
    Future<?> second = writers.submit(() -> keep("second", hasRun));

    assertThat(hasRun.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    assertThat(isFound("first")).isTrue();
    assertThat(isFound("second")).isFalse();

    disk.answers.add("");
    first.get(LIMIT_S, TimeUnit.SECONDS);
    disk.awaitFlush();
    assertThat(second.isDone()).isFalse();
    disk.answers.add("");
    second.get(LIMIT_S, TimeUnit.SECONDS);
    assertThat(isFound("second")).isTrue();
  }

  @Test
  void flushThatFails_failsAlsoWhoReadWhatItDidNotKeep_andNobodyAfterwards() throws Exception {
    Future<?> first = writers.submit(() -> keep("first", new CountDownLatch(1)));
    disk.awaitFlush();
    CountDownLatch hasRun = new CountDownLatch(1);
    Future<?> second = writers.submit(() -> keep("second", hasRun));
    assertThat(hasRun.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();

    disk.answers.add("broken");
    assertFails(first);
    assertFails(second);
    assertThat(isFound("second")).isFalse();

    disk.answers.add("");
    keep("third", new CountDownLatch(1));
    assertThat(isFound("third")).isTrue();
  }

  @Test
  void close_waitsForTheDisk() throws Exception {
    Future<?> first = writers.submit(() -> keep("first", new CountDownLatch(1)));
    disk.awaitFlush();
    Future<?> closing = writers.submit(registry::close);
    assertThat(first.isDone()).isFalse();
    disk.answers.add("");
    first.get(LIMIT_S, TimeUnit.SECONDS);
    // The end is committed as all that came before it.
    disk.awaitFlush();
    assertThat(closing.isDone()).isFalse();
    disk.answers.add("");
    closing.get(LIMIT_S, TimeUnit.SECONDS);
    assertThatThrownBy(() -> keep("late", new CountDownLatch(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void connectionThatIsNotToBeHad_isToldToWhoWaits() {
    HikariDataSource gone = new HikariDataSource(disk.configuration());
    gone.close();
    GroupCommit commits = new GroupCommit(new ConnectionPool(disk, gone), connection -> {});
    try {
      Future<Boolean> writer = writers.submit(() -> commits.commit(tables -> true));
      assertThatThrownBy(() -> writer.get(LIMIT_S, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(SQLException.class);
    } finally {
      commits.close();
    }
  }

  private static void assertFails(Future<?> writer) {
    assertThatThrownBy(() -> writer.get(LIMIT_S, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("broken");
  }

  private @Nullable Void keep(String name, CountDownLatch hasRun) {
    return registry.commit(tables -> {
      tables.views().put("ada", new SavedView(name, "/devices"));
      hasRun.countDown();
      return null;
    });
  }

  private boolean isFound(String name) {
    return registry.read(
        tables -> tables.views().of("ada").stream().anyMatch(view -> view.name().equals(name)));
  }

  /** A database in memory, whose flushes each wait for an answer: empty, or why it fails. */
  private static final class SlowDisk implements Database {
    private final CountDownLatch[] begun = {new CountDownLatch(1), new CountDownLatch(2)};
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private int awaited;

    void awaitFlush() throws InterruptedException {
      assertThat(begun[awaited++].await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public String dialect() {
      return "h2";
    }

    @Override
    public HikariConfig configuration() {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl("jdbc:h2:mem:slow" + System.identityHashCode(this) + ";DB_CLOSE_DELAY=-1");
      config.setUsername("sa");
      config.setPassword("");
      return config;
    }

    @Override
    public void flush(Supplier<Sql> connection) {
      for (CountDownLatch latch : begun) {
        latch.countDown();
      }
      try {
        String failure = answers.take();
        if (!failure.isEmpty()) {
          throw new IllegalStateException(failure);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    @Override
    public String explain(Throwable problem) {
      return problem.toString();
    }

    @Override
    public void close() {}
  }
}
