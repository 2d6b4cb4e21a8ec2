/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.RollupRows;
import dev.muster.broker.telemetry.rollup.RollupRows.Bucket;
import dev.muster.broker.telemetry.rollup.Tier;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Values over time, in so few points as a picture has room for: from the values themselves, or from
 * the rollups where those would be too many. Blocks; safe for use by several threads.
 */
public final class SeriesQuery {
  /** How many series an answer has at most. */
  public static final int MAX_SERIES = 100;

  private static final int MAX_POINTS_IN_ALL = 200_000;
  private static final int MAX_RAW = 100_000;
  private static final int RAW_AT_ONCE = 5_000;

  /** Texts, of up to 4,096 each, in all series of an answer: it is in memory as a whole. */
  private static final int MAX_CHARACTERS = 4 * 1024 * 1024;

  private static final int MAX_BUCKETS = 400_000;

  private final TelemetryDatabase database;
  private final Retention retention;
  private final Clock clock;

  public SeriesQuery(TelemetryDatabase database, Retention retention, Clock clock) {
    this.database = database;
    this.retention = retention;
    this.clock = clock;
  }

  /**
   * The points of a series in the order of time.
   *
   * @param tier where they are from; null: values as they came
   * @param step how much time a point of a rollup is about; null: the point is a value
   * @param whole false: there were too many values to read them all, or their texts too long, and
   *     there are no rollups
   */
  public record Series(
      SeriesName name,
      @Nullable Tier tier,
      @Nullable Duration step,
      List<Point> points,
      boolean whole) {
    public Series {
      points = List.copyOf(points);
    }

    /** As answers name the tier. */
    public String tierLabel() {
      return tier == null ? "raw" : tier.label();
    }
  }

  /** @param more whether there are more series than an answer may have */
  public record Answer(List<Series> series, boolean more) {
    public Answer {
      series = List.copyOf(series);
    }

    /** The coarsest tier that it is from. */
    public String tierLabel() {
      return series.stream()
          .filter(one -> one.tier() != null)
          .max(Comparator.comparing(Series::tier))
          .map(Series::tierLabel)
          .orElse("raw");
    }
  }

  /** @param points how many a series may have, at most; of many series each has fewer */
  public Answer series(Selection selection, int points) throws SQLException {
    try (Connection connection = database.connectToRead()) {
      List<SeriesName> names = SeriesNames.of(connection, selection, MAX_SERIES + 1);
      boolean more = names.size() > MAX_SERIES;
      List<SeriesName> shown = more ? names.subList(0, MAX_SERIES) : names;
      int each = Math.min(points, MAX_POINTS_IN_ALL / Math.max(1, shown.size()));
      TierChoice choice = new TierChoice(retention, clock.instant());
      List<Series> series = new ArrayList<>();
      long characters = 0;
      for (SeriesName name : shown) {
        Series one = new Reading(connection, choice, name, each, MAX_CHARACTERS - characters)
            .series(selection.from(), selection.to());
        characters += characters(one.points());
        if (!one.points().isEmpty()) {
          series.add(one);
        } else if (!one.whole()) {
          more = true;
        }
      }
      return new Answer(series, more);
    }
  }

  private static long characters(List<Point> points) {
    return points.stream().mapToLong(SeriesQuery::characters).sum();
  }

  private static long characters(Point point) {
    return point.value() instanceof String text ? text.length() : 0;
  }

  /** One series for one answer. @param characters how many its texts may have together */
  private record Reading(
      Connection connection, TierChoice choice, SeriesName name, int points, long characters) {
    Series series(Instant from, Instant to) throws SQLException {
      Optional<Tier> tier = choice.choose(from, to, points);
      return tier.isEmpty() ? rawIfFew(from, to) : rolledUp(tier.get(), from, to);
    }

    private Series rolledUp(Tier tier, Instant from, Instant to) throws SQLException {
      List<Bucket> buckets = buckets(tier, from, to);
      if (buckets.isEmpty()) {
        // Texts, say, or what is so new that nobody has counted it.
        return raw(from, to);
      }
      Instant first = later(from, start(tier, buckets.get(0)));
      Instant end = earlier(to, start(tier, buckets.get(buckets.size() - 1)).plus(tier.width()));
      if (count(buckets) <= points && choice.reachesRaw(first)) {
        return raw(from, to);
      }
      // What there is may begin long after what was asked for, and deserve a closer look.
      Optional<Tier> closer = choice.choose(first, end, points);
      if (closer.isEmpty()) {
        return rawIfFew(first, end);
      }
      return closer.get().compareTo(tier) < 0
          ? condensed(closer.get(), buckets(closer.get(), first, end))
          : condensed(tier, buckets);
    }

    private Series rawIfFew(Instant from, Instant to) throws SQLException {
      List<Bucket> minutes = buckets(Tier.MINUTE, from, to);
      return count(minutes) > MAX_RAW ? condensed(Tier.MINUTE, minutes) : raw(from, to);
    }

    private List<Bucket> buckets(Tier tier, Instant from, Instant to) throws SQLException {
      long end = tier.bucketOf(Micros.of(to) - 1) + 1;
      long first = tier.bucketOf(Micros.of(from));
      return RollupRows.read(connection, tier, name.id(), first, end, MAX_BUCKETS);
    }

    private Series condensed(Tier tier, List<Bucket> buckets) {
      Condensed condensed = Condensed.of(buckets, tier, points);
      return new Series(
          name, tier, condensed.step(), condensed.points(), buckets.size() < MAX_BUCKETS);
    }

    private Series raw(Instant from, Instant to) throws SQLException {
      RawValues.Key key =
          new RawValues.Key(new DeviceId(name.device()), name.stream(), name.metric());
      SeriesThinner thinner = new SeriesThinner(points);
      RawValues.Place place = RawValues.Place.START;
      for (int read = 0; read < MAX_RAW; read += RAW_AT_ONCE) {
        List<RawValues.RawValue> part =
            RawValues.read(connection, key, from, to, place, RAW_AT_ONCE);
        part.forEach(value -> thinner.add(Point.raw(value.time(), value.value())));
        List<Point> kept = thinner.points();
        if (SeriesQuery.characters(kept) > characters) {
          return new Series(name, null, null, thatFit(kept), false);
        }
        if (part.size() < RAW_AT_ONCE) {
          return new Series(name, null, null, thinner.points(), true);
        }
        place = part.get(part.size() - 1).place();
      }
      return new Series(name, null, null, thinner.points(), false);
    }

    private List<Point> thatFit(List<Point> kept) {
      long left = characters;
      int count = 0;
      while (count < kept.size() && SeriesQuery.characters(kept.get(count)) <= left) {
        left -= SeriesQuery.characters(kept.get(count++));
      }
      return kept.subList(0, count);
    }

    private static long count(List<Bucket> buckets) {
      return buckets.stream().mapToLong(bucket -> bucket.rollup().count()).sum();
    }

    private static Instant start(Tier tier, Bucket bucket) {
      return Micros.time(bucket.number() * tier.widthMicros());
    }

    private static Instant later(Instant one, Instant other) {
      return one.isAfter(other) ? one : other;
    }

    private static Instant earlier(Instant one, Instant other) {
      return one.isBefore(other) ? one : other;
    }
  }
}
