/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.JdbcTelemetrySink;
import dev.muster.broker.telemetry.JournaledSink;
import dev.muster.broker.telemetry.MessageQuery;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.Upkeep;
import dev.muster.broker.telemetry.journal.IngestJournal;
import dev.muster.broker.telemetry.live.LiveFeed;
import dev.muster.broker.telemetry.retention.OldTelemetry;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Rollups;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The store of telemetry, what keeps it in order, and what shows it, put together. */
final class Telemetry implements AutoCloseable {
  private static final Duration ROLLUP_PAUSE = Duration.ofSeconds(1);
  private static final Duration RETENTION_PAUSE = Duration.ofSeconds(10);
  private static final Duration RECLAIM_PAUSE = Duration.ofSeconds(1);

  private final Opened opened = new Opened();
  private final ExecutorService showing = Executors.newSingleThreadExecutor(Telemetry::daemon);
  private final LiveFeed feed = new LiveFeed(showing);
  private final Clock clock;
  private final Retention retention;
  private final TelemetryDatabase database;
  private final List<Upkeep> upkeep;
  /** Null: the database itself is what a PUBACK stands for. */
  private final @Nullable JournaledSink journaled;

  private final TelemetrySink sink;
  private final IntakeReview review;

  private Telemetry(
      CoreConfig config, Clock clock, MeterRegistry meters, UnaryOperator<TelemetrySink> before) {
    this.clock = clock;
    this.retention = config.telemetry().retention();
    try {
      database = opened.add(TelemetryDatabase.open(
          new TelemetryStorage(config.directory(), config.telemetry().database())));
      upkeep = startUpkeep(meters);
      IntakeLimits intake = config.telemetry().intake();
      TelemetrySink direct = opened.add(JdbcTelemetrySink.start(database, intake, feed, meters));
      journaled = openJournal(config, direct, meters);
      sink = before.apply(journaled == null ? direct : journaled);
      review = opened.add(IntakeReview.start(database, sink, clock, meters));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the store and starts to keep it; blocks.
   *
   * @param before puts something before the store
   * @throws StartFailedException if it cannot be used
   */
  static Telemetry start(
      CoreConfig config, Clock clock, MeterRegistry meters, UnaryOperator<TelemetrySink> before) {
    return new Telemetry(config, clock, meters, before);
  }

  /**
   * A database in a file of ours has a journal in front of it, on the same disk. One on a server is
   * chosen for outliving our disk: what is acknowledged is there.
   */
  private @Nullable JournaledSink openJournal(
      CoreConfig config, TelemetrySink direct, MeterRegistry meters) {
    Path journal = journalIn(config.directory());
    if (config.telemetry().database() != null) {
      requireUnused(journal);
      return null;
    }
    IntakeLimits intake = config.telemetry().intake();
    return opened.add(JournaledSink.start(journal, database, direct, intake, feed, meters));
  }

  /** Where the journal lies that goes with the database in a directory. */
  static Path journalIn(Path directory) {
    return directory.resolve("telemetry-journal");
  }

  private static void requireUnused(Path journal) {
    try {
      if (IngestJournal.isUsed(journal)) {
        throw new StartFailedException("telemetry journal " + journal
            + ": holds messages for the database that was used before (expected: none; start once"
            + " without telemetry.database, and stop)");
      }
    } catch (IOException e) {
      throw new StartFailedException("telemetry journal " + journal + ": " + e, e);
    }
  }

  private List<Upkeep> startUpkeep(MeterRegistry meters) {
    Rollups rollups = new Rollups(database, retention, clock);
    OldTelemetry old = new OldTelemetry(database, retention, clock, meters);
    Gauge.builder("muster.telemetry.rollup.behind", rollups, Rollups::behind)
        .description("Messages that no rollup has counted yet")
        .register(meters);
    return List.of(
        opened.add(Upkeep.start("rollup", rollups::step, ROLLUP_PAUSE, 1, meters)),
        // Each of these takes a fifth of the disk's time at most, while there is much to do.
        opened.add(Upkeep.start("retention", old::step, RETENTION_PAUSE, 4, meters)),
        opened.add(Upkeep.start("space", database::reclaim, RECLAIM_PAUSE, 4, meters)));
  }

  TelemetryDatabase database() {
    return database;
  }

  TelemetrySink sink() {
    return sink;
  }

  /** @param queries where what blocks is done */
  void mount(Router router, Sessions sessions, WorkerExecutor queries) {
    if (journaled != null) {
      new Freshness(journaled::settled).mount(router);
    }
    TelemetryQuery query = new TelemetryQuery(database);
    new TelemetryRoutes(query, new MessageQuery(database), sessions, queries).mount(router);
    new SeriesRoutes(database, retention, queries, clock).mount(router);
    new ExportRoute(database, queries, clock).mount(router);
    new LiveRoute(feed).mount(router);
    review.mount(router, queries);
  }

  /** What an operator should mend. */
  Stream<String> problems() {
    Stream<Optional<String>> ofUpkeep = upkeep.stream().map(Upkeep::problem);
    Optional<String> behind = Optional.ofNullable(journaled).flatMap(JournaledSink::behind);
    return Stream.concat(Stream.of(sink.problem(), behind, review.problem()), ofUpkeep)
        .flatMap(Optional::stream);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "muster telemetry live");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    opened.close();
    // Nothing is acknowledged any more.
    showing.shutdown();
  }
}
