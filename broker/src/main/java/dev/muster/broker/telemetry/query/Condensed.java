/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.rollup.Rollup;
import dev.muster.broker.telemetry.rollup.RollupRows.Bucket;
import dev.muster.broker.telemetry.rollup.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Buckets put together to so few points as are asked for; the least and the most are kept. */
record Condensed(Duration step, List<Point> points) {
  /** @param buckets in their order */
  static Condensed of(List<Bucket> buckets, Tier tier, int points) {
    if (buckets.isEmpty()) {
      return new Condensed(tier.width(), List.of());
    }
    long size = size(buckets.get(0).number(), buckets.get(buckets.size() - 1).number(), points);
    List<Point> condensed = new ArrayList<>();
    Bucket first = buckets.get(0);
    Rollup sum = first.rollup();
    for (Bucket bucket : buckets.subList(1, buckets.size())) {
      if (Math.floorDiv(bucket.number(), size) == Math.floorDiv(first.number(), size)) {
        sum = sum.plus(bucket.rollup());
      } else {
        condensed.add(Point.of(start(first, tier), sum));
        first = bucket;
        sum = bucket.rollup();
      }
    }
    condensed.add(Point.of(start(first, tier), sum));
    return new Condensed(tier.width().multipliedBy(size), condensed);
  }

  /** How many buckets make a point. */
  private static long size(long first, long last, int points) {
    long size = Math.max(1, (last - first + 1) / points);
    while (Math.floorDiv(last, size) - Math.floorDiv(first, size) + 1 > points) {
      size++;
    }
    return size;
  }

  private static Instant start(Bucket bucket, Tier tier) {
    return Micros.time(bucket.number() * tier.widthMicros());
  }
}
