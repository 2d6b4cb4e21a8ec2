/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.protocol.identity.DeviceId;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which values are asked for.
 *
 * @param devices in their order, each once
 * @param stream null: all
 * @param metric null: all
 * @param series of these alone, of each device; none: all
 * @param from the time of the first
 * @param to the time after the last
 */
public record Selection(
    List<DeviceId> devices,
    @Nullable String stream,
    @Nullable String metric,
    List<Measured> series,
    Instant from,
    Instant to) {

  /** What is measured, by whichever device. */
  public record Measured(String stream, String metric) {}

  public Selection {
    devices = devices.stream()
        .distinct()
        .sorted(Comparator.comparing(DeviceId::value))
        .toList();
    series = series.stream().distinct().toList();
  }

  /** All that one stream, one metric or, if they are null, the devices have. */
  public Selection(
      List<DeviceId> devices,
      @Nullable String stream,
      @Nullable String metric,
      Instant from,
      Instant to) {
    this(devices, stream, metric, List.of(), from, to);
  }

  /** What a row must be like besides being of a device; its parameters are set by {@link #set}. */
  String condition() {
    String ofSeries =
        String.join(" OR ", Collections.nCopies(series.size(), "stream=? AND metric=?"));
    return (stream == null ? "" : " AND stream=?")
        + (metric == null ? "" : " AND metric=?")
        + (series.isEmpty() ? "" : " AND (" + ofSeries + ")");
  }

  /** @return the number of the parameter after those of the condition */
  int set(PreparedStatement statement, int first) throws SQLException {
    int next = first;
    if (stream != null) {
      statement.setString(next++, stream);
    }
    if (metric != null) {
      statement.setString(next++, metric);
    }
    for (Measured one : series) {
      statement.setString(next++, one.stream());
      statement.setString(next++, one.metric());
    }
    return next;
  }
}
