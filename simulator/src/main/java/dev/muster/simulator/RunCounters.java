/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;

/** What the devices of a run count together. Thread-safe. */
final class RunCounters {
  private static final long MAX_LATENCY_MICROS = TimeUnit.HOURS.toMicros(24);
  private static final int SIGNIFICANT_DIGITS = 3;

  final AtomicInteger enrolled = new AtomicInteger();
  final AtomicInteger connected = new AtomicInteger();
  final LongAdder sent = new LongAdder();
  final LongAdder acknowledged = new LongAdder();
  final FailureCounts messageFailures = new FailureCounts();
  private final ConcurrentHistogram latencyMicros =
      new ConcurrentHistogram(MAX_LATENCY_MICROS, SIGNIFICANT_DIGITS);

  void acknowledged(long latencyNanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(Math.max(0, latencyNanos));
    latencyMicros.recordValue(Math.min(MAX_LATENCY_MICROS, micros));
    acknowledged.increment();
  }

  AbstractHistogram latencyMicros() {
    return latencyMicros.copy();
  }

  /** Messages of which it is not known yet what becomes of them. */
  long outstanding() {
    return sent.sum() - acknowledged.sum() - messageFailures.total();
  }
}
