/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.MessageClass;
import dev.muster.device.internal.journal.Journal.Lost;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was dropped, or refused by the broker, and not told yet. Thread-safe. */
final class Losses {
  private final Map<MessageClass, Lost> untold = new EnumMap<>(MessageClass.class);
  private long total;

  synchronized void add(MessageClass messageClass, long count, long fromMs, long toMs) {
    if (count > 0) {
      untold.merge(messageClass, new Lost(count, fromMs, toMs), Lost::plus);
      total += count;
    }
  }

  /** All that were dropped since the start. */
  synchronized long total() {
    return total;
  }

  /** These were dropped, too, but are told already. */
  synchronized void addTold(long count) {
    total += count;
  }

  /** What to tell the backend, which then counts as told. */
  synchronized Map<MessageClass, Lost> take() {
    Map<MessageClass, Lost> taken = new EnumMap<>(untold);
    untold.clear();
    return taken;
  }

  /** It was not told after all. */
  synchronized void putBack(Map<MessageClass, Lost> taken) {
    taken.forEach((messageClass, lost) -> untold.merge(messageClass, lost, Lost::plus));
  }

  /** As it is told. */
  static List<Measurement> report(Map<MessageClass, Lost> all, Instant now) {
    List<Measurement> report = new ArrayList<>();
    all.forEach((messageClass, lost) -> {
      String name = "lost." + messageClass.name().toLowerCase(Locale.ROOT);
      report.add(number(name, null, lost.count(), now));
      report.add(number(name + ".from", "s", lost.fromMs() / 1000.0, now));
      report.add(number(name + ".to", "s", lost.toMs() / 1000.0, now));
    });
    return report;
  }

  private static Measurement number(
      String metric, @Nullable String unit, double value, Instant now) {
    return new Measurement(metric, unit, now, new Value.Number(value));
  }
}
