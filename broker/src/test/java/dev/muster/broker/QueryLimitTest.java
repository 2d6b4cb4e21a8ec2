/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.AcknowledgedListener;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.JdbcTelemetrySink;
import dev.muster.broker.telemetry.MessageQuery;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryQuery;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.sequence.SequenceQuery;
import dev.muster.broker.telemetry.skew.SkewQuery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every question over the operator API ends, and says why it was given up. */
class QueryLimitTest {
  private static final List<String> QUESTIONS = List.of(
      "/telemetry/latest?device=d1",
      "/telemetry?device=d1",
      "/telemetry/export?device=d1",
      "/devices/d1/telemetry",
      "/devices/d1/telemetry/latest",
      "/devices/d1/telemetry/raw?stream=s&metric=m",
      "/devices/d1/messages",
      "/devices/d1/dead-letters",
      "/dead-letters",
      "/dead-letters/1",
      "/devices/d1/gaps",
      "/devices/d1/clock",
      "/devices/d1/presence",
      "/devices/d1/connections",
      "/presence?device=d1",
      "/presence?state=online",
      "/sessions/alarms",
      "/devices/d1/twin",
      "/devices/d1/commands",
      "/commands/01ARZ3NDEKTSV4RRFFQ69G5FAV",
      "/summary/traffic");

  private static final List<List<String>> ORDERS = List.of(
      List.of("PATCH", "/devices/d1/twin", "{}"),
      List.of("POST", "/devices/d1/commands", "{\"name\":\"blink\"}"),
      List.of("POST", "/commands/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel", "{}"),
      List.of("POST", "/sessions/alarms/session-1/acknowledge", "{}"),
      List.of("POST", "/dead-letters/1/replay", "{}"),
      List.of("POST", "/dead-letters/1/discard", "{}"));

  @TempDir
  Path folder;

  private final Clock clock = Clock.systemUTC();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private interface Check {
    void of(TelemetryDatabase database, DeviceState devices, OperatorApi api) throws Exception;
  }

  @Test
  void everyQuestion_thatIsOutOfTime_is503_andTellsWhatToAskFor() throws Exception {
    serve(Duration.ofNanos(1), (database, devices, api) -> {
      for (String question : QUESTIONS) {
        HttpResponse<String> answer = api.send("GET", question, "");
        assertThat(answer.statusCode()).as(question).isEqualTo(503);
        assertThat(new JsonObject(answer.body()).getString("detail"))
            .as(question)
            .isEqualTo("the query took longer than 10 s (expected: a shorter time, fewer devices,"
                + " or one stream and metric)");
      }
    });
  }

  @Test
  void everyRequest_toADatabaseThatDoesNotWork_is503_andTellsWhenToAskAgain() throws Exception {
    serve(TelemetryDatabase.QUERY_LIMIT, (database, devices, api) -> {
      assertThat(api.get("/devices/d1/messages").getJsonArray("messages")).isEmpty();
      database.close();
      for (String question : QUESTIONS) {
        HttpResponse<String> answer = api.send("GET", question, "");
        assertThat(answer.statusCode()).as(question).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).as(question).hasValue("10");
        assertThat(new JsonObject(answer.body()).getString("detail"))
            .as(question)
            .isEqualTo("the database does not work now (expected: try again later; the server's log"
                + " says more)");
      }
      devices.close();
      for (List<String> order : ORDERS) {
        HttpResponse<String> answer = api.send(order.get(0), order.get(1), order.get(2));
        assertThat(answer.statusCode()).as("%s %s", order, answer.body()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).as("%s", order).hasValue("10");
      }
    });
  }

  private void serve(Duration limit, Check check) throws Exception {
    Vertx vertx = Vertx.vertx();
    try (TelemetryDatabase database =
            TelemetryDatabase.open(new TelemetryStorage(folder, null), limit);
        JdbcTelemetrySink sink = JdbcTelemetrySink.start(
            database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, meters);
        DeviceState devices = DeviceState.start(database, PresenceListener.NONE, clock, meters)) {
      WorkerExecutor queries = vertx.createSharedWorkerExecutor("queries", 2);
      OperatorApi api = OperatorApi.at(OperatorApi.serve(vertx, router -> {
        mount(router, database, sink, queries);
        devices.mount(router, queries);
        new SummaryRoute(
                devices.presence(),
                new DeadLetters(database),
                new Sessions(),
                meters,
                queries,
                clock)
            .mount(router);
      }));
      check.of(database, devices, api);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().join();
    }
  }

  private void mount(
      Router router, TelemetryDatabase database, JdbcTelemetrySink sink, WorkerExecutor queries) {
    TelemetryQuery query = new TelemetryQuery(database);
    new TelemetryRoutes(query, new MessageQuery(database), new Sessions(), queries).mount(router);
    new SeriesRoutes(database, Retention.DEFAULT, queries, clock).mount(router);
    new ExportRoute(database, queries, clock).mount(router);
    new DeadLetterRoutes(new DeadLetters(database), sink, queries).mount(router);
    new SequenceRoutes(new SequenceQuery(database), new SkewQuery(database), queries).mount(router);
  }
}
