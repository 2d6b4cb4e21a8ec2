/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.audit.AuditTrail.StoredCheckpoint;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /audit}: read, to be proved elsewhere. */
final class AuditRoutes {
  private final OperatorParts parts;
  private final Work work;

  AuditRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/audit").handler(this::list);
    router.get("/audit/checkpoints").handler(this::checkpoints);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    long after = after(request);
    @Nullable String object = request.request().getParam("object");
    @Nullable String action = request.request().getParam("action");
    boolean newest = isNewestFirst(request);
    if (newest && object != null) {
      throw Work.badRequest("order: newest (expected: none beside object, told oldest first)");
    }
    if (object != null && action != null) {
      throw Work.badRequest("action: " + Quoted.of(action) + " (expected: none beside object)");
    }
    long before = after == 0 ? Long.MAX_VALUE : after;
    work.answer(request, 200, () -> {
      List<AuditEntry> page = parts.registry().read(tables -> {
        if (object != null) {
          return tables.audit().about(object, after, limit);
        }
        if (action != null) {
          return tables.audit().of(action, before, limit);
        }
        return newest ? tables.audit().newest(before, limit) : tables.audit().page(after, limit);
      });
      JsonArray entries = new JsonArray();
      // As text, because the hash is that of its very bytes.
      page.forEach(entry -> entries.add(new JsonObject()
          .put("seq", entry.seq())
          .put("hash", entry.hash())
          .put("text", entry.text())));
      return new JsonObject()
          .put("entries", entries)
          .put(
              "next",
              page.size() < limit ? null : Long.toString(page.get(limit - 1).seq()));
    });
  }

  private static boolean isNewestFirst(RoutingContext request) {
    String order = request.request().getParam("order");
    if (order != null && !order.equals("newest") && !order.equals("oldest")) {
      throw Work.badRequest("order: " + Quoted.of(order) + " (expected: oldest or newest)");
    }
    return "newest".equals(order);
  }

  private void checkpoints(RoutingContext request) {
    int limit = Work.limit(request);
    long after = after(request);
    work.answer(request, 200, () -> {
      List<StoredCheckpoint> page =
          parts.registry().read(tables -> tables.audit().checkpoints(after, limit));
      JsonArray checkpoints = new JsonArray();
      page.forEach(checkpoint -> checkpoints.add(new JsonObject()
          .put("seq", checkpoint.seq())
          .put("signed", Base64.getEncoder().encodeToString(checkpoint.signed()))));
      return new JsonObject()
          .put("checkpoints", checkpoints)
          .put(
              "next",
              page.size() < limit ? null : Long.toString(page.get(limit - 1).seq()));
    });
  }

  private static long after(RoutingContext request) {
    String text = Work.after(request);
    if (!text.matches("[0-9]{0,18}")) {
      throw Work.badRequest("after: expected the number of an entry");
    }
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }
}
