/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.scenario.Phase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/** What the devices of a run count together. Thread-safe. */
final class RunCounters {
  private static final long MAX_LATENCY_MICROS = TimeUnit.HOURS.toMicros(24);
  private static final int SIGNIFICANT_DIGITS = 3;

  final AtomicInteger enrolled = new AtomicInteger();
  final AtomicInteger connected = new AtomicInteger();
  final AtomicInteger online = new AtomicInteger();
  final LongAdder connects = new LongAdder();
  final LongAdder sent = new LongAdder();
  final LongAdder acknowledged = new LongAdder();
  final FailureCounts messageFailures = new FailureCounts();
  final FailureCounts connectionFailures = new FailureCounts();
  final FailureCounts broken = new FailureCounts();
  final LongAdder answers = new LongAdder();
  private final LongAccumulator longestGap = new LongAccumulator(Math::max, 0);
  private final Recorder interval = new Recorder(MAX_LATENCY_MICROS, SIGNIFICANT_DIGITS);
  private final List<PhaseStats> phases = new CopyOnWriteArrayList<>();
  private volatile RateCurve curve = new RateCurve(0, List.of());
  private volatile boolean enrollingOnly;
  private final ConcurrentHistogram latencyMicros =
      new ConcurrentHistogram(MAX_LATENCY_MICROS, SIGNIFICANT_DIGITS);

  /** The phases that will send begin now. */
  void sendingBegins(RateCurve rates) {
    curve = rates;
    enrollingOnly = false;
  }

  RateCurve curve() {
    return curve;
  }

  void enrollingBegins() {
    enrollingOnly = true;
  }

  /** Whether a device has done its part when it is enrolled. */
  boolean enrollingOnly() {
    return enrollingOnly;
  }

  /** Ends the phase before, if there is one. */
  PhaseStats begin(Phase phase, long nanos) {
    end(nanos);
    PhaseStats begun = new PhaseStats(phase, nanos);
    phases.add(begun);
    return begun;
  }

  void end(long nanos) {
    if (!phases.isEmpty()) {
      phase().end(nanos);
    }
  }

  /** The phase that goes on. */
  PhaseStats phase() {
    return phases.get(phases.size() - 1);
  }

  List<PhaseStats> phases() {
    return phases;
  }

  /** What was recorded since it was last asked for. @param recycled what it gave then */
  Histogram latencySinceLast(@Nullable Histogram recycled) {
    return interval.getIntervalHistogram(recycled);
  }

  void acknowledged(long latencyNanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(Math.max(0, latencyNanos));
    latencyMicros.recordValue(Math.min(MAX_LATENCY_MICROS, micros));
    interval.recordValue(Math.min(MAX_LATENCY_MICROS, micros));
    acknowledged.increment();
  }

  /** A device, or a message of one, was without the server for so long. */
  void gap(long nanos) {
    longestGap.accumulate(nanos);
  }

  /** Null if nothing was acknowledged: then there was nothing in which to have a gap. */
  @Nullable Duration longestGap() {
    return acknowledged.sum() == 0 ? null : Duration.ofNanos(longestGap.get());
  }

  AbstractHistogram latencyMicros() {
    return latencyMicros.copy();
  }

  /** Messages of which it is not known yet what becomes of them. */
  long outstanding() {
    return sent.sum() - acknowledged.sum() - messageFailures.total();
  }
}
