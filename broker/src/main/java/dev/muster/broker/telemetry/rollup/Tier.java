/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.rollup;

import java.time.Duration;

/** How coarse a rollup is. Its buckets lie in UTC and begin with the epoch. */
public enum Tier {
  MINUTE("1m", Duration.ofMinutes(1)),
  HOUR("1h", Duration.ofHours(1)),
  DAY("1d", Duration.ofDays(1));

  private static final int BUCKET_BITS = 32;
  private static final long BUCKET_OFFSET = 1L << 31;

  private final String label;
  private final Duration width;

  Tier(String label, Duration width) {
    this.label = label;
    this.width = width;
  }

  /** As answers name it. */
  public String label() {
    return label;
  }

  public Duration width() {
    return width;
  }

  public String table() {
    return "rollup_" + label;
  }

  public long widthMicros() {
    return width.toNanos() / 1_000;
  }

  /** The number of the bucket that a time lies in. */
  public long bucketOf(long micros) {
    return Math.floorDiv(micros, widthMicros());
  }

  /** Whether there is a bucket for a time: there is one for some thousand years around ours. */
  public boolean holds(long micros) {
    long bucket = bucketOf(micros);
    return bucket == (int) bucket;
  }

  /** The key of a row: all buckets of a series in their order, before those of the next series. */
  public static long place(long series, long bucket) {
    long inRange = Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, bucket));
    return (series << BUCKET_BITS) + BUCKET_OFFSET + inRange;
  }

  /** The series of a row. */
  public static long seriesOf(long place) {
    return place >>> BUCKET_BITS;
  }

  /** The number of the bucket of a row. */
  public static long bucketOfPlace(long place) {
    return (place & 0xFFFF_FFFFL) - BUCKET_OFFSET;
  }
}
