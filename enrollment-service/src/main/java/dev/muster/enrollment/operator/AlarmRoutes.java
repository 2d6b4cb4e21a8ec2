/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.Alarm;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /alarms}. */
final class AlarmRoutes {
  private final OperatorParts parts;
  private final Work work;

  AlarmRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/alarms").handler(this::list);
    router.post("/alarms/:id/acknowledge").handler(this::acknowledge);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    Within within = Work.within(request);
    boolean all = "true".equals(request.request().getParam("all"));
    work.answer(request, 200, () -> {
      JsonArray alarms = new JsonArray();
      parts
          .registry()
          .read(tables -> tables.alarms().newest(within, all, limit))
          .forEach(alarm -> alarms.add(json(alarm)));
      return new JsonObject().put("alarms", alarms);
    });
  }

  private void acknowledge(RoutingContext request) {
    String id = String.valueOf(request.pathParam("id"));
    Actor actor = Work.actor(request);
    Within within = Work.within(request);
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> acknowledge(tables, within, id, actor)));
  }

  private JsonObject acknowledge(Registry.Tables tables, Within within, String id, Actor actor) {
    Alarm alarm = tables
        .alarms()
        .find(id)
        .filter(one -> within.isAll()
            || tables.devices().areWithin(within, List.of(one.device().value())))
        .orElseThrow(() -> Work.notFound("alarm", id));
    if (alarm.acknowledgedAt() == null) {
      Instant now = parts.clock().instant();
      tables.alarms().acknowledge(id, actor.name() + " from " + actor.from(), now);
      tables
          .audit()
          .append(
              AuditEvent.of(actor, "alarm.acknowledged", object(alarm))
                  .with("alarm", id)
                  .with("kind", alarm.kind()),
              now);
    }
    return json(tables.alarms().find(id).orElseThrow());
  }

  private static String object(Alarm alarm) {
    return alarm.subject() == null ? "device:" + alarm.device() : "program:" + alarm.subject();
  }

  /** A program is told as alarms about sessions tell it: by its name, and its subject. */
  private static JsonObject json(Alarm alarm) {
    String name = alarm.device().value();
    @Nullable Instant acknowledgedAt = alarm.acknowledgedAt();
    return new JsonObject()
        .put("id", alarm.id())
        .put("kind", alarm.kind())
        .mergeIn(
            alarm.subject() == null
                ? new JsonObject().put("device", name)
                : new JsonObject().put("client", name).put("subject", alarm.subject()))
        .put("detail", alarm.detail())
        .put("raisedAt", alarm.raisedAt().toString())
        .put("acknowledgedAt", acknowledgedAt == null ? null : acknowledgedAt.toString())
        .put("acknowledgedBy", alarm.acknowledgedBy());
  }
}
