/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Within;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;

/** {@code /waiting}: all keys that an operator should decide about. */
final class WaitingRoutes {
  private final OperatorParts parts;
  private final Work work;

  WaitingRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/waiting").handler(this::list);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    Within within = Work.within(request);
    String[] after = (Work.after(request) + "/").split("/", 2);
    String key = after[1].replace("/", "");
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          List<PendingEnrollment> page = tables.pending().waiting(within, after[0], key, limit);
          JsonArray waiting = new JsonArray();
          Map<DeviceId, DeviceRecord> devices =
              tables.devices().find(page.stream().map(PendingEnrollment::device).toList());
          page.forEach(entry -> waiting.add(json(entry, devices.get(entry.device()))));
          String next = page.size() < limit ? null : cursor(page.get(limit - 1));
          return new JsonObject().put("waiting", waiting).put("next", next);
        }));
  }

  private static String cursor(PendingEnrollment entry) {
    return entry.device().value() + "/" + entry.key().hex();
  }

  private static JsonObject json(PendingEnrollment entry, DeviceRecord device) {
    return DeviceJson.pending(List.of(entry))
        .getJsonObject(0)
        .put("device", entry.device().value())
        .mergeIn(DeviceJson.whose(device));
  }
}
