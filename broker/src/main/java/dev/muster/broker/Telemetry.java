/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.JdbcTelemetrySink;
import dev.muster.broker.telemetry.MessageQuery;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.Upkeep;
import dev.muster.broker.telemetry.live.LiveFeed;
import dev.muster.broker.telemetry.retention.OldTelemetry;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Rollups;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The store of telemetry, what keeps it in order, and what shows it, put together. */
final class Telemetry implements AutoCloseable {
  private static final Duration ROLLUP_PAUSE = Duration.ofSeconds(1);
  private static final Duration RETENTION_PAUSE = Duration.ofMinutes(1);

  private final Opened opened = new Opened();
  private final LiveFeed feed = new LiveFeed();
  private final Clock clock;
  private final Retention retention;
  private final TelemetryDatabase database;
  private final List<Upkeep> upkeep;
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
      sink = feed.over(before.apply(
          opened.add(JdbcTelemetrySink.start(database, config.telemetry().intake(), meters))));
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

  private List<Upkeep> startUpkeep(MeterRegistry meters) {
    Rollups rollups = new Rollups(database, retention, clock);
    OldTelemetry old = new OldTelemetry(database, retention, clock, meters);
    Gauge.builder("muster.telemetry.rollup.behind", rollups, Rollups::behind)
        .description("Messages that no rollup has counted yet")
        .register(meters);
    return List.of(
        opened.add(Upkeep.start("rollup", rollups::step, ROLLUP_PAUSE, 1, meters)),
        // Ingest has at least four fifths of the disk's time.
        opened.add(Upkeep.start("retention", old::step, RETENTION_PAUSE, 4, meters)));
  }

  TelemetryDatabase database() {
    return database;
  }

  TelemetrySink sink() {
    return sink;
  }

  /** @param queries where what blocks is done */
  void mount(Router router, Sessions sessions, WorkerExecutor queries) {
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
    return Stream.concat(Stream.of(sink.problem(), review.problem()), ofUpkeep)
        .flatMap(Optional::stream);
  }

  @Override
  public void close() {
    opened.close();
  }
}
