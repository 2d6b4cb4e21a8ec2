/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.broker.telemetry.query.LatestOfMany;
import dev.muster.broker.telemetry.query.LatestOfMany.OfDevice;
import dev.muster.broker.telemetry.query.RawValues;
import dev.muster.broker.telemetry.query.RawValues.RawValue;
import dev.muster.broker.telemetry.query.Selection;
import dev.muster.broker.telemetry.query.SeriesQuery;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Values over time, and those of many devices. Called on event loops; queries have threads. */
final class SeriesRoutes {
  private static final int MAX_POINTS = 10_000;
  private static final int DEFAULT_POINTS = 1_000;
  private static final int MAX_VALUES = 10_000;
  private static final int DEFAULT_VALUES = 1_000;
  /** What is inside the cursor of raw values: time, message, place in it. */
  private static final Pattern PLACE =
      Pattern.compile("(-?[0-9]{1,18})\\.([0-9]{1,18})\\.([0-9]{1,9})");

  private final LatestOfMany latest;
  private final SeriesQuery series;
  private final RawValues raw;
  private final WorkerExecutor executor;
  private final Clock clock;

  SeriesRoutes(
      TelemetryDatabase database, Retention retention, WorkerExecutor executor, Clock clock) {
    this.latest = new LatestOfMany(database);
    this.series = new SeriesQuery(database, retention, clock);
    this.raw = new RawValues(database);
    this.executor = executor;
    this.clock = clock;
  }

  void mount(Router router) {
    router
        .get("/telemetry/latest")
        .handler(QueryParameters.checked(
            Set.of("device", "stream", "metric", "series", "after", "limit"), this::latest));
    router
        .get("/telemetry")
        .handler(QueryParameters.checked(
            Set.of("device", "stream", "metric", "series", "from", "to", "points"),
            (context, parameters) -> series(context, parameters, parameters.devices())));
    router
        .get("/devices/:id/telemetry")
        .handler(QueryParameters.checked(
            Set.of("stream", "metric", "series", "from", "to", "points"),
            (context, parameters) -> series(context, parameters, List.of(parameters.device()))));
    router
        .get("/devices/:id/telemetry/raw")
        .handler(QueryParameters.checked(
            Set.of("stream", "metric", "from", "to", "after", "limit"), this::raw));
  }

  private void latest(RoutingContext context, QueryParameters parameters) {
    Selection selection = parameters.selection(parameters.devices(), clock);
    LatestOfMany.Place after = devicePlace(parameters.text("after"));
    int limit = parameters.number("limit", MAX_VALUES, 1, MAX_VALUES);
    answer(context, () -> {
      Page<OfDevice> page = latest.latest(selection, after, limit);
      JsonArray values = new JsonArray();
      page.entries()
          .forEach(one -> values.add(new JsonObject()
              .put("device", one.device())
              .mergeIn(TelemetryJson.of(one.latest()))));
      return new JsonObject()
          .put("tier", TelemetryJson.RAW)
          .put("values", values)
          .put("next", page.more() ? cursor(last(page)) : null);
    });
  }

  private static <T> T last(Page<T> page) {
    return page.entries().get(page.entries().size() - 1);
  }

  /** Neither a device nor a stream has a slash in its name, but a metric may. */
  private static String cursor(OfDevice last) {
    return last.device() + "/" + last.latest().stream() + "/" + last.latest().metric();
  }

  private static LatestOfMany.Place devicePlace(@Nullable String cursor) {
    if (cursor == null) {
      return LatestOfMany.Place.START;
    }
    String[] parts = cursor.split("/", 3);
    if (parts.length != 3) {
      throw badCursor(cursor);
    }
    return new LatestOfMany.Place(parts[0], new TelemetryQuery.Place(parts[1], parts[2]));
  }

  private static IllegalArgumentException badCursor(String cursor) {
    return new IllegalArgumentException(
        "after: " + Quoted.of(cursor) + " (expected: the next of the page before)");
  }

  private void series(RoutingContext context, QueryParameters parameters, List<DeviceId> devices) {
    Selection selection = parameters.selection(devices, clock);
    int points = parameters.number("points", DEFAULT_POINTS, 2, MAX_POINTS);
    answer(context, () -> {
      SeriesQuery.Answer found = series.series(selection, points);
      JsonArray all = new JsonArray();
      found.series().forEach(one -> all.add(TelemetryJson.of(one)));
      return new JsonObject()
          .put("tier", found.tierLabel())
          .put("series", all)
          .put("more", found.more());
    });
  }

  private void raw(RoutingContext context, QueryParameters parameters) {
    Selection selection = parameters.selection(List.of(parameters.device()), clock);
    RawValues.Key key = new RawValues.Key(
        parameters.device(), parameters.required("stream"), parameters.required("metric"));
    RawValues.Place after = rawPlace(parameters.text("after"));
    int limit = parameters.number("limit", DEFAULT_VALUES, 1, MAX_VALUES);
    answer(context, () -> {
      Page<RawValue> page = raw.page(key, selection.from(), selection.to(), after, limit);
      JsonArray values = new JsonArray();
      page.entries().forEach(value -> values.add(TelemetryJson.of(value)));
      return new JsonObject()
          .put("device", key.device().value())
          .put("stream", key.stream())
          .put("metric", key.metric())
          .put("tier", TelemetryJson.RAW)
          .put("values", values)
          .put("next", page.more() ? cursor(last(page)) : null);
    });
  }

  private static String cursor(RawValue last) {
    return Micros.of(last.time()) + "." + last.message() + "." + last.index();
  }

  private static RawValues.Place rawPlace(@Nullable String cursor) {
    if (cursor == null) {
      return RawValues.Place.START;
    }
    Matcher matcher = PLACE.matcher(cursor);
    if (!matcher.matches()) {
      throw badCursor(cursor);
    }
    return new RawValues.Place(
        Micros.time(Long.parseLong(matcher.group(1))),
        Long.parseLong(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  private void answer(RoutingContext context, Callable<JsonObject> query) {
    executor
        .executeBlocking(query, false)
        .onSuccess(context::json)
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }
}
