/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.DeviceFilter;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.enrollment.inventory.EnrollmentDecided;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /devices}: look, and decide about one. */
final class DeviceRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceRoutes.class);

  private final OperatorParts parts;
  private final Work work;
  private final DeviceJson json;

  DeviceRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
    this.json = new DeviceJson(parts);
  }

  void mount(Router router) {
    router.get("/devices").handler(this::list);
    router
        .get("/devices/:id")
        .handler(request -> work.answerTagged(
            request,
            200,
            () -> parts.registry().read(tables -> json.details(tables, id(request))),
            DeviceJson::etag));
    router
        .post("/devices/:id/approve")
        .handler(request -> decide(request, PendingEnrollment.State.APPROVED));
    router
        .post("/devices/:id/refuse")
        .handler(request -> decide(request, PendingEnrollment.State.REFUSED));
    router.post("/devices/:id/release").handler(this::release);
    router
        .post("/devices/:id/retire")
        .handler(request ->
            leave(request, departures -> departures.retire(id(request), Work.actor(request))));
    router.post("/devices/:id/transfer").handler(this::transfer);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    DevicePages pages = DevicePages.of(request, parts);
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          List<DeviceSummary> page = pages.next(tables, limit);
          JsonArray devices = new JsonArray();
          page.forEach(device -> devices.add(json.summary(device)));
          return new JsonObject()
              .put("devices", devices)
              .put("next", page.size() < limit ? null : pages.after());
        }));
  }

  /** Which devices are asked for. */
  static DeviceFilter filter(RoutingContext request, OperatorParts parts) {
    return filter(request::queryParam, Work.within(request), parts);
  }

  /** As {@link #filter(RoutingContext, OperatorParts)}, wherever the words come from. */
  static DeviceFilter filter(
      Function<String, List<String>> words, Within within, OperatorParts parts) {
    DeviceFilter filter = DeviceQuery.read(words).filter(within);
    if (filter.timely().asksOfConnections()) {
      checkHears(parts, "is, seen");
    }
    return filter;
  }

  /** @param what asks about connections */
  static void checkHears(OperatorParts parts, String what) {
    if (!parts.hearsOfConnections().getAsBoolean()) {
      throw new IllegalArgumentException(what + ": not known here (expected: where the broker runs"
          + " in the same process, which tells; hint: GET /presence of the broker)");
    }
  }

  private void decide(RoutingContext request, PendingEnrollment.State state) {
    DeviceId id = id(request);
    Within within = Work.within(request);
    String key = Work.optional(Work.body(request), "key");
    String remark = Remark.of(Work.body(request));
    Actor actor = Work.actor(request);
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          DeviceRecord device = lock(tables, id, within);
          PendingEnrollment chosen = choose(tables.pending().of(id), key, state);
          tables
              .pending()
              .decide(new EnrollmentDecided(
                  0,
                  id,
                  chosen.key(),
                  state,
                  chosen.reason(),
                  remark,
                  actor.name(),
                  parts.clock().instant()));
          if (state == PendingEnrollment.State.REFUSED && device.status() == DeviceStatus.PENDING) {
            tables.devices().update(id, DeviceStatus.REFUSED, NextKey.WAITS);
          } else if (state == PendingEnrollment.State.APPROVED
              && device.status() == DeviceStatus.REFUSED) {
            // Else the key would be let in, and the device not.
            tables.devices().update(id, letIn(device), device.nextKey());
          }
          JsonObject details = json.details(tables, id);
          note(
              tables,
              AuditEvent.of(actor, "device." + state.label(), "device:" + id)
                  .with("key", chosen.key().hex())
                  .with("waitedFor", chosen.reason())
                  .with("before", chosen.state().label())
                  .with("reason", remark));
          LOG.info("Enrollment {} device={} key={}", state.label(), id, chosen.key());
          return details;
        }));
  }

  private static PendingEnrollment choose(
      List<PendingEnrollment> pending, @Nullable String key, PendingEnrollment.State state) {
    List<PendingEnrollment> candidates = pending.stream()
        .filter(entry -> key == null
            ? entry.state() == PendingEnrollment.State.WAITING || entry.state() == state
            : entry.key().hex().equals(key))
        .toList();
    if (candidates.isEmpty()) {
      throw Work.conflict("device: nothing waits for an operator (to decommission it: retire)");
    }
    if (candidates.size() > 1) {
      throw Work.conflict("key: several wait (expected: {\"key\": ...}, one of "
          + candidates.stream().map(entry -> entry.key().hex()).toList() + ")");
    }
    return candidates.get(0);
  }

  private void release(RoutingContext request) {
    DeviceId id = id(request);
    Within within = Work.within(request);
    Actor actor = Work.actor(request);
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          DeviceRecord device = lock(tables, id, within);
          tables.devices().update(id, letIn(device), NextKey.LET_IN);
          tables.pending().deleteAll(id);
          JsonObject details = json.details(tables, id);
          note(
              tables,
              AuditEvent.of(actor, "device.released", "device:" + id)
                  .with("before", device.status().label()));
          LOG.info("Device released device={} (its next new key is let in)", id);
          return details;
        }));
  }

  /** Its status when nothing is against it. */
  private static DeviceStatus letIn(DeviceRecord device) {
    return device.enrolledAt() == null ? DeviceStatus.PENDING : DeviceStatus.ACTIVE;
  }

  private void transfer(RoutingContext request) {
    DeviceId id = id(request);
    JsonObject body = Work.body(request);
    FleetName to = Work.checked(() -> new FleetName(Work.required(body, "to")));
    boolean approval = Work.flag(body, "approval");
    if (!Work.within(request).includes(to)) {
      throw new HttpException(403, "to: " + to + " (expected: a fleet that you are limited to)");
    }
    leave(request, departures -> departures.transfer(id, to, approval, Work.actor(request)));
  }

  private void leave(RoutingContext request, Function<Departures, Departures.Outcome> departure) {
    DeviceId id = id(request);
    Departures departures = parts.departures().within(Work.within(request));
    work.answer(request, 200, () -> {
      Departures.Outcome outcome = departure.apply(departures);
      if (outcome instanceof Departures.Outcome.Impossible impossible) {
        throw Work.conflict(impossible.detail());
      }
      if (outcome instanceof Departures.Outcome.Left left) {
        parts.trust().refresh();
        return parts
            .registry()
            .read(tables -> json.details(tables, id))
            .put("revoked", left.revoked());
      }
      throw Work.notFound("device", id.value());
    });
  }

  private void note(Registry.Tables tables, AuditEvent event) {
    tables.audit().append(event, parts.clock().instant());
  }

  static DeviceId id(RoutingContext request) {
    String text = String.valueOf(request.pathParam("id"));
    if (!DeviceId.isValid(text)) {
      throw Work.notFound("device", text);
    }
    return new DeviceId(text);
  }

  static DeviceRecord lock(Registry.Tables tables, DeviceId id, Within within) {
    return tables.devices().lock(id, within).orElseThrow(() -> Work.notFound("device", id.value()));
  }
}
