/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.MessageClass;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was dropped and not told yet. Thread-safe. */
final class Losses {
  private record Loss(long count, long fromMs, long toMs) {
    Loss plus(Loss other) {
      return new Loss(
          count + other.count, Math.min(fromMs, other.fromMs), Math.max(toMs, other.toMs));
    }
  }

  private final Map<MessageClass, Loss> untold = new EnumMap<>(MessageClass.class);
  private long total;

  synchronized void add(MessageClass messageClass, long count, long fromMs, long toMs) {
    if (count > 0) {
      untold.merge(messageClass, new Loss(count, fromMs, toMs), Loss::plus);
      total += count;
    }
  }

  /** All that were dropped since the start. */
  synchronized long total() {
    return total;
  }

  /** What to tell the backend, which then counts as told; empty if there is nothing. */
  synchronized List<Measurement> take(Instant now) {
    List<Measurement> report = new ArrayList<>();
    untold.forEach((messageClass, loss) -> {
      String name = "lost." + messageClass.name().toLowerCase(Locale.ROOT);
      report.add(number(name, null, loss.count(), now));
      report.add(number(name + ".from", "s", loss.fromMs() / 1000.0, now));
      report.add(number(name + ".to", "s", loss.toMs() / 1000.0, now));
    });
    untold.clear();
    return report;
  }

  private static Measurement number(
      String metric, @Nullable String unit, double value, Instant now) {
    return new Measurement(metric, unit, now, new Value.Number(value));
  }
}
