/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the points of a series in the order of time and keeps at most so many of them: the smallest
 * and the largest of each of some equally long stretches of time, so that neither a peak nor a calm
 * hour is lost.
 *
 * <p>How long a stretch is follows from the points: it doubles whenever they reach further.
 */
final class SeriesThinner {
  private final int limit;
  private final @Nullable Stretch[] stretches;
  private @Nullable List<Point> all = new ArrayList<>();
  private Instant start = Instant.EPOCH;
  private long widthMicros = 1;

  /** @param limit at least 2 */
  SeriesThinner(int limit) {
    this.limit = limit;
    this.stretches = new Stretch[limit / 2];
  }

  /** What is kept of a stretch; of what has no order, the first and the last. */
  private static final class Stretch {
    private Point least;
    private Point most;

    Stretch(Point point) {
      least = point;
      most = point;
    }

    /** @param later not before what is here */
    void add(Point later) {
      if (!(later.value() instanceof Double)) {
        most = later;
      } else if (isBelow(later, least)) {
        least = later;
      } else if (isBelow(most, later)) {
        most = later;
      }
    }

    void add(Stretch later) {
      later.inOrder().forEach(this::add);
    }

    List<Point> inOrder() {
      if (least == most) {
        return List.of(least);
      }
      return most.time().isBefore(least.time()) ? List.of(most, least) : List.of(least, most);
    }

    private static boolean isBelow(Point one, Point other) {
      return one.value() instanceof Double a && other.value() instanceof Double b && a < b;
    }
  }

  /** @param point not before those that were added */
  void add(Point point) {
    if (all == null) {
      place(point);
      return;
    }
    all.add(point);
    if (all.size() > limit) {
      beginThinning(all);
      all = null;
    }
  }

  private void beginThinning(List<Point> points) {
    start = points.get(0).time();
    long span = ChronoUnit.MICROS.between(start, points.get(points.size() - 1).time());
    widthMicros = span / stretches.length + 1;
    points.forEach(this::place);
  }

  private void place(Point point) {
    long offset = ChronoUnit.MICROS.between(start, point.time());
    while (offset / widthMicros >= stretches.length) {
      doubleWidth();
    }
    int index = (int) (offset / widthMicros);
    Stretch stretch = stretches[index];
    if (stretch == null) {
      stretches[index] = new Stretch(point);
    } else {
      stretch.add(point);
    }
  }

  private void doubleWidth() {
    for (int i = 0; i < stretches.length; i++) {
      stretches[i] = merged(at(2 * i), at(2 * i + 1));
    }
    widthMicros *= 2;
  }

  private @Nullable Stretch at(int index) {
    return index < stretches.length ? stretches[index] : null;
  }

  private static @Nullable Stretch merged(@Nullable Stretch earlier, @Nullable Stretch later) {
    if (earlier == null || later == null) {
      return earlier == null ? later : earlier;
    }
    earlier.add(later);
    return earlier;
  }

  /** What is kept, in the order of time. */
  List<Point> points() {
    List<Point> points = all;
    if (points == null) {
      points = new ArrayList<>();
      for (Stretch stretch : stretches) {
        if (stretch != null) {
          points.addAll(stretch.inOrder());
        }
      }
    }
    return points;
  }
}
