/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.query.Selection;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a query. What is wrong with one is told by an IllegalArgumentException with
 * name, value and expectation; {@link #checked} makes it the answer.
 */
final class QueryParameters {
  static final int MAX_DEVICES = 1_000;
  private static final int MAX_SERIES = 50;
  private static final Duration DEFAULT_SPAN = Duration.ofHours(24);

  private final RoutingContext context;

  private QueryParameters(RoutingContext context) {
    this.context = context;
  }

  /** What answers a request, given its parameters. */
  interface Answer {
    void to(RoutingContext context, QueryParameters parameters);
  }

  /** Refuses parameters that are not among those known, and whatever the answer finds wrong. */
  static Handler<RoutingContext> checked(Set<String> known, Answer answer) {
    return Requests.checked(context -> {
      for (String name : context.queryParams().names()) {
        if (!known.contains(name)) {
          throw new IllegalArgumentException(
              Quoted.of(name) + ": no parameter (expected: " + String.join(", ", known) + ")");
        }
      }
      answer.to(context, new QueryParameters(context));
    });
  }

  /** Fails a request as its query failed. */
  static void fail(RoutingContext context, Throwable problem) {
    if (TelemetryDatabase.tookTooLong(problem)) {
      context.fail(new HttpException(
          503,
          "the query took longer than "
              + TelemetryDatabase.QUERY_LIMIT.toSeconds()
              + " s (expected: a shorter time, fewer devices, or one stream and metric)"));
    } else if (problem instanceof IllegalArgumentException wrong) {
      context.fail(new HttpException(400, wrong.getMessage()));
    } else {
      context.fail(problem);
    }
  }

  /** The device of the path. */
  DeviceId device() {
    return Requests.device(context);
  }

  /** All devices that are named, at least one. */
  List<DeviceId> devices() {
    List<DeviceId> devices = devicesOrNone();
    if (devices.isEmpty()) {
      throw new IllegalArgumentException(
          "device: missing (expected: 1 to " + MAX_DEVICES + " times the id of a device)");
    }
    return devices;
  }

  List<DeviceId> devicesOrNone() {
    List<String> named = context.queryParam("device");
    if (named.size() > MAX_DEVICES) {
      throw new IllegalArgumentException(
          "device: " + named.size() + " of them (expected: at most " + MAX_DEVICES + ")");
    }
    return named.stream().map(DeviceId::new).toList();
  }

  @Nullable String text(String name) {
    List<String> values = context.queryParam(name);
    if (values.size() > 1) {
      throw new IllegalArgumentException(
          name + ": " + values.size() + " of them (expected: at most one)");
    }
    return values.isEmpty() || values.get(0).isEmpty() ? null : values.get(0);
  }

  String required(String name) {
    String value = text(name);
    if (value == null) {
      throw new IllegalArgumentException(name + ": missing (expected: its name)");
    }
    return value;
  }

  int number(String name, int otherwise, int least, int most) {
    return (int) number(name, otherwise, least, (long) most);
  }

  long number(String name, long otherwise, long least, long most) {
    String value = text(name);
    return value == null ? otherwise : Requests.number(name, value, least, most);
  }

  /** One of some words. */
  String choice(String name, String otherwise, List<String> words) {
    String value = text(name);
    if (value != null && !words.contains(value)) {
      throw new IllegalArgumentException(
          name + ": " + Quoted.of(value) + " (expected: " + String.join(", ", words) + ")");
    }
    return value == null ? otherwise : value;
  }

  private Instant time(String name, Instant otherwise) {
    String value = text(name);
    if (value == null) {
      return otherwise;
    }
    try {
      Instant time = Instant.parse(value);
      if (time.isBefore(Micros.EARLIEST) || time.isAfter(Micros.LATEST)) {
        throw new IllegalArgumentException(name + ": " + Quoted.of(value) + " (expected: "
            + Micros.EARLIEST + " to " + Micros.LATEST + ")");
      }
      return time;
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          name + ": " + Quoted.of(value) + " (expected: RFC 3339 in UTC, 2026-01-31T12:00:00Z)");
    }
  }

  /** Values of some devices. Without times those of the last day. */
  Selection selection(List<DeviceId> devices, Clock clock) {
    // Measurements may lie a little ahead of our clock; without an end they are all wanted.
    Instant to = time("to", clock.instant().plus(DEFAULT_SPAN));
    Instant from = time("from", to.minus(DEFAULT_SPAN.multipliedBy(2)));
    if (from.isAfter(to)) {
      throw new IllegalArgumentException("from: " + from + " (expected: not after to, " + to + ")");
    }
    return new Selection(devices, text("stream"), text("metric"), series(), from, to);
  }

  /** A stream has no slash in its name, but a metric may. */
  private List<Selection.Measured> series() {
    List<String> named = context.queryParam("series");
    if (named.size() > MAX_SERIES) {
      throw new IllegalArgumentException(
          "series: " + named.size() + " of them (expected: at most " + MAX_SERIES + ")");
    }
    if (!named.isEmpty() && (text("stream") != null || text("metric") != null)) {
      throw new IllegalArgumentException(
          "series: with stream or metric (expected: one or the other)");
    }
    return named.stream().map(QueryParameters::measured).toList();
  }

  private static Selection.Measured measured(String name) {
    int slash = name.indexOf('/');
    if (slash <= 0 || slash == name.length() - 1) {
      throw new IllegalArgumentException(
          "series: " + Quoted.of(name) + " (expected: STREAM/METRIC, env/temperature)");
    }
    return new Selection.Measured(name.substring(0, slash), name.substring(slash + 1));
  }
}
