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
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The broker's part of the operator API. Called on event loops; queries run on their own threads.
 */
final class TelemetryRoutes {
  private static final int MAX_MESSAGES = 1_000;
  private static final int DEFAULT_MESSAGES = 100;
  private static final int MAX_LATEST = 1_000;

  private interface Query {
    JsonObject run() throws SQLException;
  }

  private final TelemetryQuery telemetry;
  private final MessageQuery stored;
  private final Sessions sessions;
  private final WorkerExecutor executor;

  TelemetryRoutes(
      TelemetryQuery telemetry, MessageQuery stored, Sessions sessions, WorkerExecutor executor) {
    this.telemetry = telemetry;
    this.stored = stored;
    this.sessions = sessions;
    this.executor = executor;
  }

  void mount(Router router) {
    Set<String> page = Set.of("after", "limit");
    router
        .get("/devices/:id/telemetry/latest")
        .handler(QueryParameters.checked(page, this::latest));
    router.get("/devices/:id/messages").handler(QueryParameters.checked(page, this::messages));
    router.get("/sessions").handler(this::sessions);
  }

  private void latest(RoutingContext context, QueryParameters parameters) {
    DeviceId device = parameters.device();
    TelemetryQuery.Place after = place(parameters.text("after"));
    int limit = parameters.number("limit", MAX_LATEST, 1, MAX_LATEST);
    answer(context, () -> {
      Page<TelemetryQuery.Latest> page = telemetry.latest(device, after, limit);
      JsonArray values = new JsonArray();
      for (TelemetryQuery.Latest latest : page.entries()) {
        values.add(TelemetryJson.of(latest));
      }
      return new JsonObject()
          .put("device", device.value())
          .put("tier", TelemetryJson.RAW)
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

  private void messages(RoutingContext context, QueryParameters parameters) {
    DeviceId device = parameters.device();
    long after = parameters.number("after", 0, 0, Long.MAX_VALUE);
    int limit = parameters.number("limit", DEFAULT_MESSAGES, 1, MAX_MESSAGES);
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
    executor
        .executeBlocking(query::run, false)
        .onSuccess(context::json)
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }
}
