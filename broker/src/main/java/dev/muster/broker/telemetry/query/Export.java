/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.rollup.RollupRows;
import dev.muster.broker.telemetry.rollup.RollupRows.Bucket;
import dev.muster.broker.telemetry.rollup.Tier;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All values of a selection, a few at a time: series after series, each in the order of time. Holds
 * no connection while nobody asks for the next ones. Blocks; for one thread at a time.
 */
public final class Export {
  private static final int ROWS_AT_ONCE = 1_000;
  private static final int SERIES_OF_A_DEVICE = 10_000;

  private final TelemetryDatabase database;
  private final Selection selection;
  private final @Nullable Tier tier;
  private final Deque<DeviceId> devices;
  private final Deque<SeriesName> series = new ArrayDeque<>();
  private RawValues.Place place = RawValues.Place.START;
  private long bucket;

  /** @param tier null: values as they came */
  public Export(TelemetryDatabase database, Selection selection, @Nullable Tier tier) {
    this.database = database;
    this.selection = selection;
    this.tier = tier;
    this.devices = new ArrayDeque<>(selection.devices());
    rewind();
  }

  /** A point of a series. */
  public record Row(SeriesName name, Point point) {}

  /** The next rows; none at the end. */
  public List<Row> next() throws SQLException {
    try (Connection connection = database.connectToRead()) {
      List<Row> rows = new ArrayList<>();
      while (rows.isEmpty() && hasSeries(connection)) {
        rows = tier == null ? raw(connection) : rollups(connection, tier);
      }
      return rows;
    }
  }

  private boolean hasSeries(Connection connection) throws SQLException {
    while (series.isEmpty() && !devices.isEmpty()) {
      series.addAll(
          SeriesNames.of(connection, selection, devices.removeFirst(), SERIES_OF_A_DEVICE));
    }
    return !series.isEmpty();
  }

  private List<Row> raw(Connection connection) throws SQLException {
    SeriesName name = series.getFirst();
    RawValues.Key key =
        new RawValues.Key(new DeviceId(name.device()), name.stream(), name.metric());
    List<Row> rows = new ArrayList<>();
    for (RawValues.RawValue value :
        RawValues.read(connection, key, selection.from(), selection.to(), place, ROWS_AT_ONCE)) {
      rows.add(new Row(name, Point.raw(value.time(), value.value())));
      place = value.place();
    }
    nextSeriesUnlessFull(rows);
    return rows;
  }

  private List<Row> rollups(Connection connection, Tier from) throws SQLException {
    SeriesName name = series.getFirst();
    long end = from.bucketOf(Micros.of(selection.to()) - 1) + 1;
    List<Row> rows = new ArrayList<>();
    for (Bucket one : RollupRows.read(connection, from, name.id(), bucket, end, ROWS_AT_ONCE)) {
      rows.add(
          new Row(name, Point.of(Micros.time(one.number() * from.widthMicros()), one.rollup())));
      bucket = one.number() + 1;
    }
    nextSeriesUnlessFull(rows);
    return rows;
  }

  private void nextSeriesUnlessFull(List<Row> rows) {
    if (rows.size() < ROWS_AT_ONCE) {
      series.removeFirst();
      rewind();
    }
  }

  private void rewind() {
    place = RawValues.Place.START;
    bucket = tier == null ? 0 : tier.bucketOf(Micros.of(selection.from()));
  }
}
