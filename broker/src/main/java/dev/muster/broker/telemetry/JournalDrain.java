/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.journal.IngestJournal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what lies in the journal into the database, on a thread of its own. What it stores and how
 * far it has got are committed together, so that each record is stored once, whenever it is killed.
 *
 * <p>A database works best in big strokes: under load it waits a little between them. What it has
 * not stored yet is bounded, and whoever appends waits for it.
 */
final class JournalDrain implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JournalDrain.class);
  private static final String POSITION = "SELECT position FROM ingest_journal";

  /** From one commit to the next, between these: ten times as long as the last one took. */
  private static final long MIN_PACE_NS = Duration.ofMillis(500).toNanos();

  private static final long MAX_PACE_NS = Duration.ofMillis(1_500).toNanos();
  private static final int PACE_PER_WORK = 10;

  /** What one commit takes at most. */
  private static final int MAX_BATCH = 16_384;

  private static final long MAX_BATCH_BYTES = 8L * 1024 * 1024;

  /**
   * What may wait: as much as the database takes in two seconds, between these; and until it is
   * known. When a third of it waits, there is no more rest: as much again may come while that is
   * stored, and only who sends more than the database takes has to wait. Of a database that works
   * more may be wanted.
   */
  private static final long MIN_ROOM = 512 * 1024;

  static final long FIRST_ROOM = 2 * MIN_ROOM;
  private static final long MAX_ROOM = 4 * MAX_BATCH_BYTES;
  private static final double ROOM_SECONDS = 2;

  /**
   * Less does not tell how much the database takes: a small commit costs nearly what a large one
   * does.
   */
  private static final long TELLING_BYTES = MIN_ROOM / 2;

  /** How many may wait for it to get somewhere: it may hang, and they ask on. */
  private static final int MAX_MARKS = 1_000;

  private static final long IDLE_MS = 200;
  private static final long BACKOFF_MS = 250;
  private static final long CLOSE_MS = 10_000;
  private static final long NS_PER_SECOND = Duration.ofSeconds(1).toNanos();

  private record Item(TelemetryMessage message, long position, JournalDrain drain)
      implements BatchCommit.Item {
    @Override
    public void stored(Stored outcome) {
      drain.moveTo(position);
    }
  }

  private record Mark(long position, CompletableFuture<Void> reached) {}

  private final IngestJournal journal;
  private final TelemetryDatabase database;
  private final BatchCommit commit;
  private final IntakeLimits intake;
  private final Thread thread = new Thread(this::run, "muster telemetry drain");

  /** Guards what follows. */
  private final Object monitor = new Object();

  /** Who wants to know when the database has got to a position, in their order. */
  private final Deque<Mark> marks = new ArrayDeque<>();

  /** How many bytes may wait. */
  private long room = FIRST_ROOM;

  /** Up to where the database has the journal, at least. */
  private long position;

  /** A commit has failed: only the database knows how far it has got. */
  private boolean uncertain;

  private volatile boolean closing;
  private volatile @Nullable String problem;

  JournalDrain(
      IngestJournal journal,
      TelemetryDatabase database,
      BatchCommit commit,
      IntakeLimits intake,
      long position) {
    this.journal = journal;
    this.database = database;
    this.commit = commit;
    this.intake = intake;
    this.position = position;
  }

  /** Up to where a database has the journal. */
  static long positionIn(TelemetryDatabase database) throws SQLException {
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(POSITION);
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  void start() {
    thread.start();
  }

  /** Something was appended. */
  void appended() {
    synchronized (monitor) {
      monitor.notifyAll();
    }
  }

  /**
   * Waits until there is room for more; as long as the database hangs.
   *
   * @return why there is none; empty if there is
   */
  Optional<String> awaitRoom() throws InterruptedException {
    synchronized (monitor) {
      while (bytes() >= (problem == null ? Math.max(room, intake.journalBytes()) : room)) {
        if (problem != null) {
          return Optional.of(BatchThread.FAILED);
        }
        if (closing) {
          return Optional.of("the store is closing");
        }
        monitor.wait(IDLE_MS);
      }
      return Optional.empty();
    }
  }

  /**
   * Hurries.
   *
   * @return done when the database has all that was appended before; at once if it does not work,
   *     is far behind, or too many wait for it
   */
  CompletableFuture<Void> settled() {
    CompletableFuture<Void> reached = new CompletableFuture<>();
    synchronized (monitor) {
      if (uncertain || closing || bytes() == 0 || isFarBehind() || marks.size() >= MAX_MARKS) {
        reached.complete(null);
      } else {
        marks.add(new Mark(journal.end(), reached));
        monitor.notifyAll();
      }
    }
    return reached;
  }

  /** How much is not in the database yet. */
  long bytes() {
    synchronized (monitor) {
      return journal.end() - position;
    }
  }

  /** Whether more waits than whoever asks would wait for: a batch may lie beyond the room. */
  boolean isFarBehind() {
    synchronized (monitor) {
      return bytes() > 2 * room;
    }
  }

  /** Why nothing can be stored at present; empty if all is well. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void run() {
    long next = System.nanoTime();
    while (!isFinished()) {
      try {
        if (awaitWork(next)) {
          long start = System.nanoTime();
          step();
          long took = System.nanoTime() - start;
          next = start + paceNs(took);
        }
      } catch (InterruptedException e) {
        closing = true;
      } catch (Throwable e) {
        failed(e);
      }
    }
    commit.drop();
  }

  /** From the beginning of a commit that took so long to that of the next. */
  static long paceNs(long tookNs) {
    return Math.max(MIN_PACE_NS, Math.min(MAX_PACE_NS, tookNs * PACE_PER_WORK));
  }

  /** Whether the database has all of it. For the time after {@link #close}. */
  boolean isDone() {
    return !thread.isAlive() && problem == null && bytes() == 0;
  }

  private boolean isFinished() {
    return closing && (problem != null || bytes() == 0);
  }

  /** @return whether it is there, and time for it */
  private boolean awaitWork(long next) throws InterruptedException {
    synchronized (monitor) {
      if (uncertain) {
        return true;
      }
      long early = next - System.nanoTime();
      boolean hurry = closing || !marks.isEmpty() || bytes() >= room / 3;
      boolean work = bytes() > 0;
      if (work && (hurry || early <= 0)) {
        return true;
      }
      TimeUnit.NANOSECONDS.timedWait(
          monitor, work ? early : TimeUnit.MILLISECONDS.toNanos(IDLE_MS));
      return false;
    }
  }

  private void step() throws SQLException, IOException {
    long from = begin();
    IngestJournal.Batch batch = journal.read(from, MAX_BATCH, MAX_BATCH_BYTES);
    List<Item> items = new ArrayList<>(batch.entries().size());
    for (IngestJournal.Entry entry : batch.entries()) {
      items.add(new Item(read(entry), entry.next(), this));
    }
    if (!items.isEmpty()) {
      long start = System.nanoTime();
      commit.commit(items);
      makeRoom(batch.next() - from, System.nanoTime() - start);
    }
    journal.release(batch.next());
    synchronized (monitor) {
      // Behind damage, too.
      position = batch.next();
      monitor.notifyAll();
    }
    succeeded();
    tellReached();
  }

  /**
   * After a failure nobody knows how far the database has got, but it does. @return from where on
   */
  private long begin() throws SQLException {
    synchronized (monitor) {
      if (!uncertain) {
        return position;
      }
    }
    long stored = positionIn(database);
    synchronized (monitor) {
      // What damage there was lies behind us already.
      position = Math.max(position, stored);
      uncertain = false;
      return position;
    }
  }

  /** From how long a commit took. */
  private void makeRoom(long bytes, long tookNs) {
    double fits = bytes * ROOM_SECONDS * NS_PER_SECOND / Math.max(1, tookNs);
    synchronized (monitor) {
      if (bytes >= TELLING_BYTES || fits > room) {
        // The mean of all, the later the heavier: a commit may have had bad luck.
        room = (long) Math.max(MIN_ROOM, Math.min(MAX_ROOM, (room + fits) / 2));
      }
    }
  }

  private void tellReached() {
    List<Mark> reached = new ArrayList<>();
    synchronized (monitor) {
      while (!marks.isEmpty() && (problem != null || marks.peek().position() <= position)) {
        reached.add(marks.poll());
      }
    }
    reached.forEach(mark -> mark.reached().complete(null));
  }

  private void moveTo(long next) {
    synchronized (monitor) {
      position = next;
    }
  }

  private TelemetryMessage read(IngestJournal.Entry entry) throws IOException {
    return MessageRecord.read(entry.content()).heldBeyond(intake.futureTolerance());
  }

  private void failed(Throwable cause) {
    if (problem == null) {
      LOG.error("Telemetry waits in the journal until the database works again", cause);
    }
    problem = "telemetry store: "
        + String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    commit.drop();
    synchronized (monitor) {
      uncertain = true;
      monitor.notifyAll();
    }
    tellReached();
    if (!closing) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(BACKOFF_MS));
    }
  }

  private void succeeded() {
    if (problem != null) {
      LOG.info("Telemetry reaches the database again");
      problem = null;
    }
  }

  /** Stores what waits, at most 10 s; the rest stays in the journal. */
  @Override
  public void close() {
    closing = true;
    synchronized (monitor) {
      monitor.notifyAll();
    }
    try {
      thread.join(CLOSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
