/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.manifest.ManifestImport;
import dev.muster.enrollment.registrar.ReservedNames;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** {@code /manufacturers/NAME/manifest} and {@code /manifests}. */
final class ManifestRoutes {
  private final OperatorParts parts;
  private final Work work;
  private final ManifestImport manifests;

  ManifestRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
    this.manifests = new ManifestImport(
        parts.registry(), parts.clock(), ReservedNames::contains, parts.trust()::againstStation);
  }

  void mount(Router router) {
    router.post("/manufacturers/:name/manifest").handler(this::take);
    router.get("/manifests").handler(this::list);
  }

  private void take(RoutingContext request) {
    String name = String.valueOf(request.pathParam("name"));
    Actor actor = Work.actor(request);
    byte[] manifest =
        Optional.ofNullable(request.body().buffer()).map(Buffer::getBytes).orElse(new byte[0]);
    work.answer(request, 200, () -> {
      Manufacturer manufacturer = parts
          .registry()
          .read(tables -> tables.manufacturers().find(name))
          .orElseThrow(() -> Work.notFound("manufacturer", name));
      ManifestImport.Result result =
          Work.checked(() -> manifests.take(manufacturer, manifest, actor));
      parts.trust().refresh();
      return json(result);
    });
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    work.answer(request, 200, () -> {
      JsonArray all = new JsonArray();
      parts
          .registry()
          .read(tables -> tables.manifests().newest(limit))
          .forEach(one -> all.add(new JsonObject()
              .put("manufacturer", one.manufacturer())
              .put("sha256", one.sha256())
              .put("signer", one.signer())
              .put("added", one.added())
              .put("refused", one.refused())
              .put("importedAt", one.importedAt().toString())));
      return new JsonObject().put("manifests", all);
    });
  }

  private static JsonObject json(ManifestImport.Result result) {
    JsonArray errors = new JsonArray();
    result
        .problems()
        .forEach(problem ->
            errors.add(new JsonObject().put("row", problem.row()).put("reason", problem.reason())));
    return new JsonObject()
        .put("added", result.added())
        .put("unchanged", result.unchanged())
        .put("refused", result.refused())
        .put("errors", errors)
        .put("signer", result.signer());
  }
}
