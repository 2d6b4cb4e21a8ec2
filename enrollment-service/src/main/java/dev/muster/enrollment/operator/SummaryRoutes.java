/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.IdentitySummary;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.time.Instant;

/** {@code /summary/identities}: the numbers that an overview begins with. */
final class SummaryRoutes {
  private final OperatorParts parts;
  private final Work work;

  SummaryRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router
        .get("/summary/identities")
        .handler(request -> work.answer(request, 200, () -> {
          Instant now = parts.clock().instant();
          return json(now, parts.registry().read(tables -> tables.summaries().of(now)));
        }));
  }

  private static JsonObject json(Instant now, IdentitySummary summary) {
    JsonObject devices = new JsonObject();
    summary.devices().forEach((status, number) -> devices.put(status.label(), number));
    IdentitySummary.Ends ends = summary.certificates();
    return new JsonObject()
        .put("at", now.toString())
        .put("devices", devices)
        .put("waiting", summary.waiting())
        .put("alarms", summary.alarms())
        .put(
            "certificates",
            new JsonObject()
                .put("ended", ends.ended())
                .put("within7Days", ends.within7())
                .put("within30Days", ends.within30())
                .put("within90Days", ends.within90())
                .put("later", ends.later()));
  }
}
