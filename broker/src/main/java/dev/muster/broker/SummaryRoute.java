/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.presence.PresenceBook;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;

/** How many are connected, and what they send: the numbers that an overview begins with. */
final class SummaryRoute {
  private final PresenceBook presence;
  private final DeadLetters letters;
  private final Sessions sessions;
  private final MeterRegistry meters;
  private final WorkerExecutor executor;
  private final Clock clock;

  SummaryRoute(
      PresenceBook presence,
      DeadLetters letters,
      Sessions sessions,
      MeterRegistry meters,
      WorkerExecutor executor,
      Clock clock) {
    this.presence = presence;
    this.letters = letters;
    this.sessions = sessions;
    this.meters = meters;
    this.executor = executor;
    this.clock = clock;
  }

  void mount(Router router) {
    router.get("/summary/traffic").handler(this::traffic);
  }

  private void traffic(RoutingContext context) {
    List<String> fleets = OperatorScope.of(context).fleets();
    executor
        .executeBlocking(() -> fleets.isEmpty() ? summary() : summary(fleets), false)
        .onSuccess(context::json)
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private JsonObject summary() throws SQLException {
    long online = presence.online();
    Timer stored = meters.find("muster.telemetry.store").timer();
    return new JsonObject()
        .put("at", clock.instant().toString())
        .put("online", online)
        .put("offline", Math.max(0, presence.known() - online))
        .put("services", services())
        .put("messages", stored == null ? 0 : stored.count())
        .put("deadLetters", letters.count());
  }

  /** What is counted without a look at the fleet is told as null. */
  private JsonObject summary(List<String> fleets) throws SQLException {
    return new JsonObject()
        .put("at", clock.instant().toString())
        .put("online", presence.count(fleets, true))
        .put("offline", presence.count(fleets, false))
        .putNull("services")
        .putNull("messages")
        .put("deadLetters", letters.count(fleets));
  }

  private long services() {
    return sessions.all().stream()
        .filter(ClientSession::isLive)
        .filter(session -> !session.subject().isDevice())
        .count();
  }
}
