/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.MessageQuery;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The broker's part of the operator API. Called on event loops; queries run on their own threads.
 */
final class TelemetryRoutes {
  private static final int MAX_POINTS = 10_000;
  private static final int DEFAULT_POINTS = 1_000;
  private static final int MAX_MESSAGES = 1_000;
  private static final int DEFAULT_MESSAGES = 100;
  private static final int MAX_LATEST = 1_000;
  private static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");
  private static final Duration DEFAULT_SPAN = Duration.ofHours(24);

  private interface Query {
    JsonObject run() throws SQLException;
  }

  private final TelemetryQuery telemetry;
  private final MessageQuery stored;
  private final Sessions sessions;
  private final WorkerExecutor executor;
  private final Clock clock;

  TelemetryRoutes(
      TelemetryQuery telemetry,
      MessageQuery stored,
      Sessions sessions,
      WorkerExecutor executor,
      Clock clock) {
    this.clock = clock;
    this.telemetry = telemetry;
    this.stored = stored;
    this.sessions = sessions;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/devices/:id/telemetry/latest").handler(this::latest);
    router.get("/devices/:id/telemetry").handler(this::series);
    router.get("/devices/:id/messages").handler(this::messages);
    router.get("/devices/:id/dead-letters").handler(this::deadLetters);
    router.get("/sessions").handler(this::sessions);
  }

  private void latest(RoutingContext context) {
    DeviceId device = device(context);
    if (device == null) {
      return;
    }
    TelemetryQuery.Place after;
    int limit;
    try {
      after = place(parameter(context, "after"));
      limit = (int) number(context, "limit", MAX_LATEST, 1, MAX_LATEST);
    } catch (IllegalArgumentException e) {
      context.fail(new HttpException(400, e.getMessage()));
      return;
    }
    answer(context, () -> {
      Page<TelemetryQuery.Latest> page = telemetry.latest(device, after, limit);
      JsonArray values = new JsonArray();
      for (TelemetryQuery.Latest latest : page.entries()) {
        values.add(new JsonObject()
            .put("stream", latest.stream())
            .put("metric", latest.metric())
            .put("unit", latest.unit())
            .put("value", latest.value())
            .put("time", latest.time().toString())
            .put("receivedAt", latest.receivedAt().toString()));
      }
      return new JsonObject()
          .put("device", device.value())
          .put("values", values)
          .put("next", page.more() ? cursor(page.entries()) : null);
    });
  }

  /** A stream has no slash in its name, but a metric may. */
  private static String cursor(List<TelemetryQuery.Latest> values) {
    TelemetryQuery.Latest last = values.get(values.size() - 1);
    return last.stream() + "/" + last.metric();
  }

  private static TelemetryQuery.Place place(@Nullable String cursor) {
    if (cursor == null) {
      return TelemetryQuery.Place.START;
    }
    int slash = cursor.indexOf('/');
    if (slash <= 0) {
      throw new IllegalArgumentException(
          "after: " + Quoted.of(cursor) + " (expected: the next of the page before)");
    }
    return new TelemetryQuery.Place(cursor.substring(0, slash), cursor.substring(slash + 1));
  }

  private static void checkOrder(Instant from, Instant to) {
    if (from.isAfter(to)) {
      throw new IllegalArgumentException("from: " + from + " (expected: not after to, " + to + ")");
    }
  }

  private void series(RoutingContext context) {
    DeviceId device = device(context);
    if (device == null) {
      return;
    }
    TelemetryQuery.Range range;
    try {
      // Measurements may lie a little ahead of our clock; without an end they are all wanted.
      Instant to = time(context, "to", clock.instant().plus(DEFAULT_SPAN));
      Instant from = time(context, "from", to.minus(DEFAULT_SPAN.multipliedBy(2)));
      range = new TelemetryQuery.Range(
          parameter(context, "stream"), parameter(context, "metric"), from, to, (int)
              number(context, "points", DEFAULT_POINTS, 2, MAX_POINTS));
      checkOrder(from, to);
    } catch (IllegalArgumentException e) {
      context.fail(new HttpException(400, e.getMessage()));
      return;
    }
    answer(context, () -> {
      JsonArray series = new JsonArray();
      telemetry.series(device, range).forEach(one -> series.add(toJson(one)));
      return new JsonObject().put("series", series).put("tier", "raw");
    });
  }

  private static JsonObject toJson(TelemetryQuery.Series series) {
    JsonArray points = new JsonArray();
    for (TelemetryQuery.Point point : series.points()) {
      points.add(new JsonObject().put("time", point.time().toString()).put("value", point.value()));
    }
    return new JsonObject()
        .put("stream", series.stream())
        .put("metric", series.metric())
        .put("unit", series.unit())
        .put("points", points);
  }

  private void messages(RoutingContext context) {
    DeviceId device = device(context);
    if (device == null) {
      return;
    }
    long after;
    int limit;
    try {
      after = number(context, "after", 0, 0, Long.MAX_VALUE);
      limit = (int) number(context, "limit", DEFAULT_MESSAGES, 1, MAX_MESSAGES);
    } catch (IllegalArgumentException e) {
      context.fail(new HttpException(400, e.getMessage()));
      return;
    }
    answer(context, () -> {
      Page<MessageQuery.Message> page = stored.messages(device, after, limit);
      List<MessageQuery.Message> found = page.entries();
      JsonArray messages = new JsonArray();
      for (MessageQuery.Message message : found) {
        messages.add(new JsonObject()
            .put("id", message.id())
            .put("stream", message.stream())
            .put("boot", message.boot())
            .put("sequence", message.sequence())
            .put("receivedAt", message.receivedAt().toString())
            .put("payload", message.payload()));
      }
      return new JsonObject()
          .put("messages", messages)
          .put("next", page.more() ? Long.toString(found.get(found.size() - 1).id()) : null);
    });
  }

  private void deadLetters(RoutingContext context) {
    DeviceId device = device(context);
    if (device == null) {
      return;
    }
    answer(context, () -> {
      JsonArray letters = new JsonArray();
      for (TelemetryQuery.DeadLetter letter : telemetry.deadLetters(device, DEFAULT_MESSAGES)) {
        letters.add(new JsonObject()
            .put("stream", letter.stream())
            .put("receivedAt", letter.receivedAt().toString())
            .put("reason", letter.reason()));
      }
      return new JsonObject().put("device", device.value()).put("deadLetters", letters);
    });
  }

  private void sessions(RoutingContext context) {
    JsonArray connected = new JsonArray();
    sessions.all().stream()
        .filter(ClientSession::isLive)
        .sorted(Comparator.comparing(ClientSession::clientId))
        .map(TelemetryRoutes::toJson)
        .forEach(connected::add);
    context.json(new JsonObject().put("sessions", connected));
  }

  private static JsonObject toJson(ClientSession session) {
    return new JsonObject()
        .put("clientId", session.clientId())
        .put("subject", session.subject().toString())
        .put("issuer", session.subject().issuer())
        .put("roles", new JsonArray(session.policy().roles()))
        .put("certificateSerial", session.credential().serialText())
        .put("notAfter", session.credential().notAfter().toString())
        .put("address", session.connection().address())
        .put("mqttVersion", session.connection().mqttVersion())
        .put("connectedAt", session.connection().since().toString());
  }

  private void answer(RoutingContext context, Query query) {
    executor.executeBlocking(query::run, false).onSuccess(context::json).onFailure(context::fail);
  }

  private static @Nullable DeviceId device(RoutingContext context) {
    try {
      return new DeviceId(context.pathParam("id"));
    } catch (IllegalArgumentException e) {
      context.fail(new HttpException(400, e.getMessage()));
      return null;
    }
  }

  private static @Nullable String parameter(RoutingContext context, String name) {
    String value = context.request().getParam(name);
    return value == null || value.isEmpty() ? null : value;
  }

  private static Instant time(RoutingContext context, String name, Instant otherwise) {
    String value = parameter(context, name);
    if (value == null) {
      return otherwise;
    }
    try {
      Instant time = Instant.parse(value);
      if (time.isBefore(EARLIEST) || time.isAfter(LATEST)) {
        throw new IllegalArgumentException(
            name + ": " + Quoted.of(value) + " (expected: " + EARLIEST + " to " + LATEST + ")");
      }
      return time;
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          name + ": " + Quoted.of(value) + " (expected: RFC 3339 in UTC, 2026-01-31T12:00:00Z)");
    }
  }

  private static long number(
      RoutingContext context, String name, long otherwise, long least, long most) {
    String value = parameter(context, name);
    if (value == null) {
      return otherwise;
    }
    boolean valid = value.matches("[0-9]{1,18}")
        && Long.parseLong(value) >= least
        && Long.parseLong(value) <= most;
    if (!valid) {
      throw new IllegalArgumentException(
          name + ": " + Quoted.of(value) + " (expected: " + least + " to " + most + ")");
    }
    return Long.parseLong(value);
  }
}
