/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code /devices/ID/history}: all that is known about a device, in one answer. */
final class HistoryRoutes {
  private final OperatorParts parts;
  private final Work work;
  private final DeviceJson json;

  HistoryRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
    this.json = new DeviceJson(parts);
  }

  void mount(Router router) {
    router.get("/devices/:id/history").handler(this::history);
  }

  private void history(RoutingContext request) {
    DeviceId id = DeviceRoutes.id(request);
    int limit = Work.limit(request);
    long after = sequence(Work.after(request));
    work.answer(
        request, 200, () -> parts.registry().read(tables -> history(tables, id, after, limit)));
  }

  private static long sequence(String after) {
    if (!after.matches("[0-9]{0,18}")) {
      throw Work.badRequest("after: expected the number of an entry, as \"next\" gave it");
    }
    return after.isEmpty() ? 0 : Long.parseLong(after);
  }

  private JsonObject history(Registry.Tables tables, DeviceId id, long after, int limit) {
    JsonObject history = new JsonObject();
    if (after == 0) {
      JsonArray certificates = new JsonArray();
      tables
          .certificates()
          .of(id)
          .forEach(record -> certificates.add(CertificateRoutes.json(record)));
      history.put("device", json.details(tables, id)).put("certificates", certificates);
    }
    List<AuditEntry> entries = tables.audit().about("device:" + id, after, limit);
    JsonArray events = new JsonArray();
    entries.forEach(entry -> events.add(new JsonObject(entry.text())));
    String next = entries.size() < limit
        ? null
        : Long.toString(entries.get(entries.size() - 1).seq());
    return history.put("events", events).put("next", next);
  }
}
