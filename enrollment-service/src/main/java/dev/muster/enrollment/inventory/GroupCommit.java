/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.audit.AuditWriter;
import dev.muster.enrollment.sql.Sql;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Has all writers of the registry run one after another on one thread, those that wait at the same
 * time in one transaction: they share its commit and its flush. Two processes on one database take
 * turns, because each transaction holds the end of the audit log. What a writer reads is therefore
 * still so when it commits, and none needs a lock of its own.
 *
 * <p>While the disk takes a group, the next one is run; it is committed only when the one before is
 * on stable storage, for it may have read what that one wrote.
 *
 * <p>Thread-safe. Nothing limits the queue, because every caller waits for its own work.
 */
final class GroupCommit implements AutoCloseable {
  private static final int MAX_GROUP = 128;
  private static final long CLOSE_MS = 5_000;

  /** As long as the pool, too, takes a connection for alive without asking it. */
  private static final long KEPT_MS = 500;

  /** So that the pool gets to see a connection that has grown old, also when there is no pause. */
  private static final int KEPT_COMMITS = 10_000;

  private final ConnectionPool connections;
  private final Flush flush;
  private final BlockingQueue<Job<?>> waiting = new LinkedBlockingQueue<>();
  private final Thread thread = new Thread(this::run, "registry-commit");
  private final ExecutorService flusher =
      Executors.newSingleThreadExecutor(work -> daemon(work, "registry-flush"));
  private volatile boolean closed;

  /** The flush of the last group; the thread's own. */
  private CompletableFuture<@Nullable Void> flushing = CompletableFuture.completedFuture(null);

  /** Kept from one group to the next, with its statements; the thread's own. */
  private @Nullable Sql kept;

  private int commits;

  /** As {@link #kept}, the flushing thread's own. */
  private @Nullable Sql flushConnection;

  /** Puts on stable storage what has been committed. */
  interface Flush {
    /** @param connection opened when it is asked for */
    void run(Supplier<Sql> connection);
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private static final class Job<T extends @Nullable Object> {
    private final Function<Registry.Tables, T> work;
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private @Nullable T result;
    private @Nullable Throwable failure;

    Job(Function<Registry.Tables, T> work) {
      this.work = work;
    }

    /** @return whether its changes are to stay */
    boolean runs(Registry.Tables tables) {
      try {
        result = work.apply(tables);
        return true;
      } catch (RuntimeException | Error e) {
        // An Error must not end the thread: it holds what all others wait for.
        failure = e;
        return false;
      }
    }

    void complete() {
      if (failure == null) {
        done.complete(result);
      } else {
        done.completeExceptionally(failure);
      }
    }
  }

  GroupCommit(ConnectionPool connections, Flush flush) {
    this.connections = connections;
    this.flush = flush;
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns when the work is on stable storage; throws what it threw, or why it is not. */
  <T extends @Nullable Object> T commit(Function<Registry.Tables, T> work) {
    if (Thread.currentThread() == thread) {
      throw new IllegalStateException("a commit within a commit");
    }
    Job<T> job = new Job<>(work);
    waiting.add(job);
    // Looked at afterwards, so that no work is left behind by a thread that has just ended.
    if (closed && waiting.remove(job)) {
      throw new IllegalStateException("the registry is closed");
    }
    try {
      return job.done.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a commit", e);
    }
  }

  private void run() {
    try {
      while (!closed || !waiting.isEmpty()) {
        commit(next());
      }
      flushing.handle((nothing, failure) -> null).get();
    } catch (InterruptedException | ExecutionException e) {
      // Closing: who still waits is told below.
    }
    giveBack();
    flusher.shutdown();
    fail(waiting, new IllegalStateException("the registry is closed"));
  }

  private static void fail(Collection<Job<?>> jobs, Throwable failure) {
    jobs.forEach(job -> job.done.completeExceptionally(failure));
  }

  /** Waits for work; in a pause, without keeping a connection. */
  private Job<?> next() throws InterruptedException {
    Job<?> job = kept == null ? null : waiting.poll(KEPT_MS, TimeUnit.MILLISECONDS);
    if (job == null) {
      giveBack();
      job = waiting.take();
    }
    return job;
  }

  private Sql connection() {
    if (commits == KEPT_COMMITS) {
      giveBack();
    }
    Sql sql = kept;
    if (sql == null) {
      sql = connections.open();
      kept = sql;
    }
    commits++;
    return sql;
  }

  private void giveBack() {
    if (kept != null) {
      kept.close();
      kept = null;
      commits = 0;
      flusher.execute(this::giveBackFlushConnection);
    }
  }

  private Sql flushConnection() {
    Sql sql = flushConnection;
    if (sql == null) {
      sql = connections.open();
      flushConnection = sql;
    }
    return sql;
  }

  private void giveBackFlushConnection() {
    if (flushConnection != null) {
      flushConnection.close();
      flushConnection = null;
    }
  }

  private void commit(Job<?> first) throws InterruptedException {
    List<Job<?>> group = new ArrayList<>();
    group.add(first);
    try {
      if (flushing.isCompletedExceptionally()) {
        // Told to those whom it concerned, and none of this group's concern.
        giveBack();
        flushing = CompletableFuture.completedFuture(null);
      }
      Sql sql = connection();
      boolean changed = runAll(group, sql);
      sql.commit();
      if (!changed) {
        group.forEach(Job::complete);
        return;
      }
    } catch (RuntimeException | Error e) {
      connections.failed(e);
      giveBack();
      // Not even a work that failed by itself knows better: whatever it saw may not be so.
      fail(group, e);
      return;
    } catch (InterruptedException e) {
      fail(group, new IllegalStateException("the registry is closed"));
      throw e;
    }
    flush(group);
  }

  /** Has a group put on stable storage, and its writers told, by the other thread. */
  private void flush(List<Job<?>> group) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    flushing = done;
    done.whenComplete((nothing, failure) -> {
      if (failure == null) {
        group.forEach(Job::complete);
      } else {
        fail(group, failure);
      }
    });
    try {
      flusher.execute(() -> flush(done));
    } catch (RuntimeException | Error e) {
      // As where no thread can be made any more.
      done.completeExceptionally(e);
    }
  }

  private void flush(CompletableFuture<@Nullable Void> done) {
    try {
      flush.run(this::flushConnection);
      done.complete(null);
    } catch (RuntimeException | Error e) {
      try {
        connections.failed(e);
        giveBackFlushConnection();
      } finally {
        done.completeExceptionally(e);
      }
    }
  }

  /** Throws why the group before is not on stable storage, if it is not. */
  private void awaitFlush() throws InterruptedException {
    try {
      flushing.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    }
  }

  /**
   * Runs a group, until it may be committed.
   *
   * @param group its first writer, to which the others are added
   * @return whether anything is to be kept
   */
  private boolean runAll(List<Job<?>> group, Sql sql) throws InterruptedException {
    AuditWriter audit = AuditWriter.open(sql);
    Registry.Tables tables = new Registry.Tables(sql, audit);
    waiting.drainTo(group, MAX_GROUP - 1);
    boolean any = runs(group, sql, audit, tables);
    boolean busy = !flushing.isDone();
    awaitFlush();
    if (busy) {
      // Who has come meanwhile need not wait for the next one.
      List<Job<?>> more = new ArrayList<>();
      waiting.drainTo(more, MAX_GROUP - group.size());
      group.addAll(more);
      any |= runs(more, sql, audit, tables);
    }
    audit.flush();
    return any;
  }

  private static boolean runs(
      List<Job<?>> jobs, Sql sql, AuditWriter audit, Registry.Tables tables) {
    boolean any = false;
    for (Job<?> job : jobs) {
      Savepoint before = sql.savepoint();
      int mark = audit.mark();
      if (job.runs(tables)) {
        any = true;
      } else {
        sql.rollBackTo(before);
        audit.resetTo(mark);
      }
    }
    return any;
  }

  /** Finishes what waits, then ends. */
  @Override
  public void close() {
    closed = true;
    // Wakes the thread up, and lets it find out.
    waiting.add(new Job<@Nullable Void>(tables -> null));
    try {
      thread.join(CLOSE_MS);
      thread.interrupt();
      flusher.awaitTermination(CLOSE_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
