/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.scenario.Phase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * What is counted in a phase. A message belongs to the phase in which it was due. Thread-safe, but
 * for the beginning and the end, which the run sets.
 */
final class PhaseStats {
  private static final long MAX_MICROS = TimeUnit.HOURS.toMicros(24);
  private static final int SIGNIFICANT_DIGITS = 3;

  private final Phase phase;
  private final long beginNanos;
  private long endNanos;
  private final LongAdder sent = new LongAdder();
  private final LongAdder acknowledged = new LongAdder();
  private final LongAdder wanted = new LongAdder();
  private final LongAdder tried = new LongAdder();
  private final LongAdder done = new LongAdder();
  private final LongAdder unanswered = new LongAdder();
  private final AbstractHistogram latency = histogram();
  private final AbstractHistogram latencyOfTouched = histogram();
  private final AbstractHistogram back = histogram();
  private final AbstractHistogram doneAfter = histogram();

  PhaseStats(Phase phase, long beginNanos) {
    this.phase = phase;
    this.beginNanos = beginNanos;
    this.endNanos = beginNanos;
  }

  private static AbstractHistogram histogram() {
    ConcurrentHistogram histogram = new ConcurrentHistogram(1, MAX_MICROS, SIGNIFICANT_DIGITS);
    histogram.setAutoResize(true);
    return histogram;
  }

  String name() {
    return phase.name();
  }

  void end(long nanos) {
    endNanos = nanos;
  }

  void sent() {
    sent.increment();
  }

  /** @param touched whether something was done to the device in this phase */
  void acknowledged(long latencyNanos, boolean touched) {
    acknowledged.increment();
    record(touched ? latencyOfTouched : latency, latencyNanos);
  }

  /** A message will not be acknowledged. @param touched as above */
  void unanswered(boolean touched) {
    if (!touched) {
      unanswered.increment();
    }
  }

  /** The phase is to do something to so many devices, or so often. */
  void wants(long count) {
    wanted.add(count);
  }

  /** It did it to one of them, or once. */
  void tried() {
    tried(1);
  }

  void tried(long count) {
    tried.add(count);
  }

  /** A device is online again after so long. */
  void back(long nanos) {
    record(back, nanos);
  }

  /** What the phase wants of a device has come true, so long after it was tried. */
  void done(long nanos) {
    done.increment();
    record(doneAfter, nanos);
  }

  /** The same, but when it came true is not known. */
  void done() {
    done.increment();
  }

  private static void record(AbstractHistogram histogram, long nanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(Math.max(0, nanos));
    histogram.recordValue(Math.min(MAX_MICROS, micros));
  }

  RunReport.PhaseReport toReport(long runBegin) {
    return new RunReport.PhaseReport(
        phase.name(),
        Duration.ofNanos(beginNanos - runBegin),
        Duration.ofNanos(endNanos - beginNanos),
        sent.sum(),
        acknowledged.sum(),
        RunReport.Latency.of(latency),
        RunReport.Latency.of(latencyOfTouched),
        back.getTotalCount(),
        RunReport.Latency.of(back),
        done.sum(),
        RunReport.Latency.of(doneAfter),
        wanted.sum(),
        phase.isAnswered() ? done.sum() : tried.sum(),
        latency.getTotalCount() + unanswered.sum(),
        unanswered.sum());
  }
}
