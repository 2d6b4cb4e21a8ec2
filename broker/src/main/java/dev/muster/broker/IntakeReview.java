/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.Upkeep;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.deadletter.HeldLetters;
import dev.muster.broker.telemetry.sequence.SequenceCount;
import dev.muster.broker.telemetry.sequence.SequenceQuery;
import dev.muster.broker.telemetry.skew.SkewQuery;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What is to be said of telemetry besides its values: what is kept aside, missing, or off. */
final class IntakeReview implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final TelemetrySink sink;
  private final DeadLetters letters;
  private final SequenceQuery sequences;
  private final SkewQuery skews;
  private final List<Upkeep> upkeep;

  private IntakeReview(
      TelemetryDatabase database, TelemetrySink sink, Clock clock, MeterRegistry meters) {
    this.sink = sink;
    this.letters = new DeadLetters(database);
    HeldLetters held = new HeldLetters(letters, sink, clock, meters);
    SequenceCount count = new SequenceCount(database, meters);
    this.sequences = new SequenceQuery(database);
    this.skews = new SkewQuery(database);
    this.upkeep = List.of(
        Upkeep.start("held", held::step, PAUSE, 1, meters),
        Upkeep.start("sequences", count::step, PAUSE, 1, meters));
  }

  /** Starts; the database and the sink stay the caller's to close, after this. */
  static IntakeReview start(
      TelemetryDatabase database, TelemetrySink sink, Clock clock, MeterRegistry meters) {
    return new IntakeReview(database, sink, clock, meters);
  }

  void mount(Router router, WorkerExecutor executor) {
    new DeadLetterRoutes(letters, sink, executor).mount(router);
    new SequenceRoutes(sequences, skews, executor).mount(router);
  }

  /** What an operator should mend; empty if all is well. */
  Optional<String> problem() {
    return upkeep.stream().flatMap(work -> work.problem().stream()).findFirst();
  }

  @Override
  public void close() {
    upkeep.forEach(Upkeep::close);
  }
}
