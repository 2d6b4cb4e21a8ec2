/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.SavedView;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import org.jspecify.annotations.Nullable;

/** {@code /access/views}: what somebody wants to look at again; each has his own. */
final class ViewRoutes {
  private static final int MAX_VIEWS = 50;

  private final OperatorParts parts;
  private final Work work;

  ViewRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router
        .get("/access/views")
        .handler(request -> work.answerTagged(
            request, 200, () -> parts.registry().read(tables -> list(tables, owner(request)))));
    router.put("/access/views/:view").handler(this::put);
    router.delete("/access/views/:view").handler(this::remove);
  }

  /** Whoever asks by a token of his is the same. */
  private static String owner(RoutingContext request) {
    return Work.actor(request).name().split("/", 2)[0];
  }

  private void put(RoutingContext request) {
    String path = Work.required(Work.body(request), "path");
    SavedView view = Work.checked(() -> new SavedView(request.pathParam("view"), path));
    change(request, "view.saved", view.name(), tables -> {
      tables.views().put(owner(request), view);
      if (tables.views().of(owner(request)).size() > MAX_VIEWS) {
        throw Work.conflict("views: " + MAX_VIEWS + " already (expected: at most so many)");
      }
      return view.path();
    });
  }

  private void remove(RoutingContext request) {
    String name = request.pathParam("view");
    change(request, "view.removed", name, tables -> {
      if (!tables.views().remove(owner(request), name)) {
        throw Work.notFound("view", name);
      }
      return null;
    });
  }

  private interface Change {
    /** @return where the view leads from now on; null if there is none any more */
    @Nullable String make(Registry.Tables tables);
  }

  private void change(RoutingContext request, String action, String view, Change change) {
    Actor actor = Work.actor(request);
    Precondition seen = Precondition.of(request);
    work.answerTagged(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          seen.check("views", list(tables, owner(request)));
          AuditEvent event = AuditEvent.of(actor, action, owner(request))
              .with("view", view)
              .with("before", path(tables, owner(request), view))
              .with("after", change.make(tables));
          tables.audit().append(event, parts.clock().instant());
          return list(tables, owner(request));
        }));
  }

  private static @Nullable String path(Registry.Tables tables, String owner, String view) {
    return tables.views().of(owner).stream()
        .filter(one -> one.name().equals(view))
        .map(SavedView::path)
        .findFirst()
        .orElse(null);
  }

  private static JsonObject list(Registry.Tables tables, String owner) {
    JsonArray views = new JsonArray();
    tables
        .views()
        .of(owner)
        .forEach(
            view -> views.add(new JsonObject().put("name", view.name()).put("path", view.path())));
    return new JsonObject().put("views", views);
  }
}
