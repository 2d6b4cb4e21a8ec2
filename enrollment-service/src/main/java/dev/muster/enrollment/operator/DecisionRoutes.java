/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.EnrollmentDecided;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Within;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code /decisions}: which keys operators have let in, which they have refused, and why. */
final class DecisionRoutes {
  private final OperatorParts parts;
  private final Work work;

  DecisionRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/decisions").handler(this::list);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    long before = before(Work.after(request));
    Within within = Work.within(request);
    Optional<PendingEnrollment.State> state =
        Optional.ofNullable(request.request().getParam("state")).map(DecisionRoutes::state);
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          List<EnrollmentDecided> page = tables.pending().decided(within, state, before, limit);
          JsonArray decisions = new JsonArray();
          Map<DeviceId, DeviceRecord> devices =
              tables.devices().find(page.stream().map(EnrollmentDecided::device).toList());
          page.forEach(one -> decisions.add(json(one, devices.get(one.device()))));
          String next =
              page.size() < limit ? null : Long.toString(page.get(limit - 1).seq());
          return new JsonObject().put("decisions", decisions).put("next", next);
        }));
  }

  private static PendingEnrollment.State state(String label) {
    return Stream.of(PendingEnrollment.State.APPROVED, PendingEnrollment.State.REFUSED)
        .filter(one -> one.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            Work.badRequest("state: " + Quoted.of(label) + " (expected: approved or refused)"));
  }

  private static long before(String after) {
    if (!after.matches("[0-9]{0,18}")) {
      throw Work.badRequest("after: expected the number of a decision, as \"next\" gave it");
    }
    return after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
  }

  private static JsonObject json(EnrollmentDecided decided, DeviceRecord device) {
    return new JsonObject()
        .put("id", Long.toString(decided.seq()))
        .put("at", decided.at().toString())
        .put("by", decided.by())
        .put("state", decided.state().label())
        .put("reason", decided.remark())
        .put("waitedFor", decided.waitedFor())
        .put("key", decided.key().hex())
        .put("device", decided.device().value())
        .mergeIn(DeviceJson.whose(device));
  }
}
