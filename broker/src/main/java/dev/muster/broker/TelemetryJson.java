/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.broker.telemetry.live.LiveValue;
import dev.muster.broker.telemetry.query.Export;
import dev.muster.broker.telemetry.query.Point;
import dev.muster.broker.telemetry.query.RawValues.RawValue;
import dev.muster.broker.telemetry.query.SeriesQuery;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** How values look in answers. */
final class TelemetryJson {
  /** The tier of values as they came. */
  static final String RAW = "raw";

  private TelemetryJson() {}

  static JsonObject of(TelemetryQuery.Latest latest) {
    return new JsonObject()
        .put("stream", latest.stream())
        .put("metric", latest.metric())
        .put("unit", latest.unit())
        .put("value", latest.value())
        .put("time", latest.time().toString())
        .put("receivedAt", latest.receivedAt().toString());
  }

  static JsonObject of(SeriesQuery.Series series) {
    JsonArray points = new JsonArray();
    series.points().forEach(point -> points.add(of(point)));
    JsonObject json = new JsonObject()
        .put("device", series.name().device())
        .put("stream", series.name().stream())
        .put("metric", series.name().metric())
        .put("unit", series.name().unit())
        .put("tier", series.tierLabel());
    if (series.step() != null) {
      json.put("stepSeconds", series.step().toSeconds());
    }
    if (!series.whole()) {
      json.put("whole", false);
    }
    return json.put("points", points);
  }

  static JsonObject of(Point point) {
    JsonObject json =
        new JsonObject().put("time", point.time().toString()).put("value", point.value());
    if (point.rollup() != null) {
      json.put("count", point.rollup().count())
          .put("min", point.rollup().least())
          .put("max", point.rollup().most())
          .put("last", point.rollup().last());
    }
    return json;
  }

  static JsonObject of(RawValue value) {
    return new JsonObject()
        .put("time", value.time().toString())
        .put("value", value.value())
        .put("message", value.message());
  }

  static JsonObject of(Export.Row row) {
    JsonObject json = new JsonObject()
        .put("device", row.name().device())
        .put("stream", row.name().stream())
        .put("metric", row.name().metric())
        .put("unit", row.name().unit());
    return json.mergeIn(of(row.point()));
  }

  static JsonObject of(LiveValue value) {
    return new JsonObject()
        .put("device", value.device())
        .put("stream", value.stream())
        .put("metric", value.metric())
        .put("unit", value.unit())
        .put("value", value.value())
        .put("time", value.time().toString());
  }
}
