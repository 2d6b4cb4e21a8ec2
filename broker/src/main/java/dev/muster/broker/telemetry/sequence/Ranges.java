/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The sequence numbers of one boot that have come, and how they differ from what is stored. */
final class Ranges {
  /** How many there may be: a device that makes up numbers must not fill the store. */
  static final int MOST = 200;

  /** Without its first number, which is its key. */
  record Range(long last, long seenMicros) {}

  private final NavigableMap<Long, Range> ranges = new TreeMap<>();
  private final Set<Long> stored = new HashSet<>();
  private final Set<Long> changed = new HashSet<>();

  /** Takes over one that is stored. */
  void load(long first, long last, long seenMicros) {
    ranges.put(first, new Range(last, seenMicros));
    stored.add(first);
  }

  /** Adds a number that has come; one that is there already changes nothing. */
  void add(long number, long seenMicros) {
    Map.Entry<Long, Range> below = ranges.floorEntry(number);
    if (below != null && below.getValue().last() >= number) {
      return;
    }
    long first = number;
    long last = number;
    long seen = seenMicros;
    if (below != null && below.getValue().last() == number - 1) {
      first = below.getKey();
      seen = Math.max(seen, below.getValue().seenMicros());
    }
    @Nullable Range above = ranges.remove(number + 1);
    if (above != null) {
      last = above.last();
      seen = Math.max(seen, above.seenMicros());
    }
    ranges.put(first, new Range(last, seen));
    changed.add(first);
  }

  /** Forgets the oldest gaps beyond the number that is kept. @return how many */
  int cut() {
    int forgotten = 0;
    for (; ranges.size() > MOST; forgotten++) {
      Map.Entry<Long, Range> lowest = ranges.firstEntry();
      long second = ranges.higherKey(lowest.getKey());
      Range joined = ranges.remove(second);
      long seen = Math.max(joined.seenMicros(), lowest.getValue().seenMicros());
      ranges.put(lowest.getKey(), new Range(joined.last(), seen));
      changed.add(lowest.getKey());
    }
    return forgotten;
  }

  NavigableMap<Long, Range> all() {
    return ranges;
  }

  boolean isNew() {
    return stored.isEmpty();
  }

  /** The first numbers of stored ranges that are part of others now. */
  Set<Long> gone() {
    Set<Long> gone = new HashSet<>(stored);
    gone.removeAll(ranges.keySet());
    return gone;
  }

  /** The first numbers of those to be inserted, or to be updated. */
  Set<Long> toWrite(boolean insert) {
    Set<Long> firsts = new HashSet<>(changed);
    firsts.retainAll(ranges.keySet());
    firsts.removeIf(first -> stored.contains(first) == insert);
    return firsts;
  }
}
