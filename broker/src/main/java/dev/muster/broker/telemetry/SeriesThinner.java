/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the points of a series in the order of time and keeps at most so many of them, smallest and
 * largest of each stretch first of all, so that no peak is lost.
 */
final class SeriesThinner {
  private final int limit;
  private int stretch = 1;
  private final List<TelemetryQuery.Point> kept = new ArrayList<>();
  private final List<TelemetryQuery.Point> current = new ArrayList<>();
  private @Nullable String unit;

  SeriesThinner(int limit) {
    this.limit = Math.max(2, limit);
  }

  void add(TelemetryQuery.Point point, @Nullable String pointUnit) {
    unit = pointUnit == null ? unit : pointUnit;
    current.add(point);
    if (current.size() >= stretch) {
      flush();
    }
    if (kept.size() > limit) {
      thin();
    }
  }

  /** From here on twice as many points share a stretch; what is kept is thinned likewise. */
  private void thin() {
    List<TelemetryQuery.Point> old = List.copyOf(kept);
    kept.clear();
    stretch = stretch == 1 ? 4 : stretch * 2;
    for (int i = 0; i < old.size(); i += 4) {
      keepExtremes(old.subList(i, Math.min(i + 4, old.size())));
    }
  }

  private void flush() {
    keepExtremes(current);
    current.clear();
  }

  private void keepExtremes(List<TelemetryQuery.Point> points) {
    if (points.size() <= 2) {
      kept.addAll(points);
      return;
    }
    TelemetryQuery.Point least = points.get(0);
    TelemetryQuery.Point most = points.get(points.size() - 1);
    for (TelemetryQuery.Point point : points) {
      least = isBelow(point, least) ? point : least;
      most = isBelow(most, point) ? point : most;
    }
    boolean leastFirst = points.indexOf(least) <= points.indexOf(most);
    kept.add(leastFirst ? least : most);
    if (least != most) {
      kept.add(leastFirst ? most : least);
    }
  }

  private static boolean isBelow(TelemetryQuery.Point one, TelemetryQuery.Point other) {
    return one.value() instanceof Double a && other.value() instanceof Double b && a < b;
  }

  TelemetryQuery.Series toSeries(String stream, String metric) {
    flush();
    if (kept.size() > limit) {
      thin();
    }
    return new TelemetryQuery.Series(stream, metric, unit, kept);
  }
}
