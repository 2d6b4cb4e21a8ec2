/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Numbers that are done: all below a bound, and ranges above it. */
final class NumberSet {
  private static final int HEAD_BYTES = 10;
  private static final int RANGE_BYTES = 16;

  private long below;
  private final NavigableMap<Long, Long> ranges = new TreeMap<>(); // Begin to end, exclusive.

  NumberSet(long below) {
    this.below = below;
  }

  /** The first number that is not in it. */
  long below() {
    return below;
  }

  boolean contains(long number) {
    if (number < below) {
      return true;
    }
    Map.Entry<Long, Long> range = ranges.floorEntry(number);
    return range != null && number < range.getValue();
  }

  void add(long number) {
    addRange(number, number + 1);
  }

  /** Adds {@code from} to {@code to}, the latter excluded. */
  void addRange(long from, long to) {
    if (to <= from || to <= below) {
      return;
    }
    long begin = from;
    long end = to;
    for (Map.Entry<Long, Long> touching = ranges.floorEntry(end);
        touching != null && touching.getValue() >= begin;
        touching = ranges.floorEntry(end)) {
      begin = Math.min(begin, touching.getKey());
      end = Math.max(end, touching.getValue());
      ranges.remove(touching.getKey());
    }
    if (begin <= below) {
      below = end;
    } else {
      ranges.put(begin, end);
    }
  }

  /** How many numbers of {@code from} to {@code to}, the latter excluded, are not in it. */
  long missing(long from, long to) {
    long begin = Math.max(from, below);
    long missing = Math.max(0, to - begin);
    for (Map.Entry<Long, Long> range : ranges.headMap(to).entrySet()) {
      missing -= Math.max(0, Math.min(to, range.getValue()) - Math.max(begin, range.getKey()));
    }
    return missing;
  }

  /** For {@link #read}. Of many ranges the first are enough: what is left out is sent again. */
  byte[] write(int maxRanges) {
    int count = Math.min(maxRanges, ranges.size());
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + count * RANGE_BYTES);
    out.putLong(below).putShort((short) count);
    ranges.entrySet().stream()
        .limit(count)
        .forEach(range -> out.putLong(range.getKey()).putLong(range.getValue()));
    return out.array();
  }

  /** @throws java.nio.BufferUnderflowException if it was not written here */
  static NumberSet read(ByteBuffer in) {
    NumberSet set = new NumberSet(in.getLong());
    for (int left = in.getShort(); left > 0; left--) {
      set.addRange(in.getLong(), in.getLong());
    }
    return set;
  }
}
