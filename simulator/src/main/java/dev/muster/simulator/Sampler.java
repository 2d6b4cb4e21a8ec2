/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Writes down, second by second, what happened since the second before. */
final class Sampler {
  /** As many as a run of a day has; what is longer keeps its beginning. */
  private static final int MOST = 86_400;

  private final RunCounters counters;
  private final ServerWatch server;
  private final List<Sample> samples = new ArrayList<>();
  private @Nullable Histogram recycled;
  private long sent;
  private long acknowledged;
  private long failed;
  private long connects;
  private long disconnects;

  Sampler(RunCounters counters, ServerWatch server) {
    this.counters = counters;
    this.server = server;
  }

  synchronized void sample(Duration at) {
    if (samples.size() == MOST) {
      return;
    }
    Histogram latency = counters.latencySinceLast(recycled);
    recycled = latency;
    samples.add(new Sample(
        at,
        counters.sent.sum() - sent,
        counters.acknowledged.sum() - acknowledged,
        counters.messageFailures.total() - failed,
        counters.online.get(),
        counters.connects.sum() - connects,
        counters.connectionFailures.total() - disconnects,
        RunReport.Latency.of(latency),
        server.usage()));
    Sample last = samples.get(samples.size() - 1);
    sent += last.sent();
    acknowledged += last.acknowledged();
    failed += last.failed();
    connects += last.connects();
    disconnects += last.disconnects();
  }

  synchronized @Nullable Sample last() {
    return samples.isEmpty() ? null : samples.get(samples.size() - 1);
  }

  synchronized List<Sample> samples() {
    return List.copyOf(samples);
  }
}
