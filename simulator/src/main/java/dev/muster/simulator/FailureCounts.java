/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts failures by reason. Reasons come from servers too, so their number and their length have a
 * limit. Thread-safe.
 */
final class FailureCounts {
  static final String OTHER = "other reasons";

  private static final int MAX_REASONS = 20;
  private static final int MAX_CHARS = 160;

  private final SortedMap<String, Long> counts = new TreeMap<>();
  private long total;

  void count(String reason) {
    count(reason, 1);
  }

  synchronized void count(String reason, long times) {
    String line = reason.length() <= MAX_CHARS ? reason : reason.substring(0, MAX_CHARS) + "...";
    String key = counts.containsKey(line) || counts.size() < MAX_REASONS ? line : OTHER;
    counts.merge(key, times, Long::sum);
    total += times;
  }

  synchronized long total() {
    return total;
  }

  synchronized SortedMap<String, Long> toMap() {
    return new TreeMap<>(counts);
  }
}
