/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.deadletter;

import dev.muster.broker.telemetry.TelemetrySink;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Stores what was held because it claimed to be of the future, when that has come. */
public final class HeldLetters {
  private static final int AT_ONCE = 100;
  private static final long STORE_SECONDS = 20;

  private final DeadLetters letters;
  private final TelemetrySink sink;
  private final Clock clock;
  private final Counter released;

  public HeldLetters(DeadLetters letters, TelemetrySink sink, Clock clock, MeterRegistry meters) {
    this.letters = letters;
    this.sink = sink;
    this.clock = clock;
    this.released = meters.counter("muster.telemetry.letters.released");
  }

  /** Stores some. @return whether there may be more to do at once */
  public boolean step() throws SQLException {
    List<DeadLetter> due = letters.due(clock.instant(), AT_ONCE);
    if (due.isEmpty()) {
      return false;
    }
    CompletableFuture<?>[] stored = due.stream()
        .map(letter -> sink.store(DeadLetters.reread(letter, null)))
        .toArray(CompletableFuture<?>[]::new);
    CompletableFuture<Boolean> all = CompletableFuture.allOf(stored)
        .orTimeout(STORE_SECONDS, TimeUnit.SECONDS)
        .handle((nothing, failure) -> failure == null);
    // If it was not stored the sink has said so; they are still there.
    boolean done = all.join();
    released.increment(done ? due.size() : 0);
    return done && due.size() == AT_ONCE;
  }
}
