/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.protocol.file.Pem;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /manufacturers} and their manifests. */
final class ManufacturerRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ManufacturerRoutes.class);

  private final OperatorParts parts;
  private final Work work;
  private final ManufacturerChanges changes;

  ManufacturerRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
    this.changes = new ManufacturerChanges(parts);
  }

  void mount(Router router) {
    router.get("/manufacturers").handler(this::list);
    router.get("/manufacturers/:name").handler(this::show);
    router.post("/manufacturers").handler(this::add);
    router.post("/manufacturers/:name/proof").handler(this::prove);
    router.post("/manufacturers/:name/policy").handler(this::policy);
    router.post("/manufacturers/:name/disable").handler(this::disable);
    router.post("/manufacturers/:name/enable").handler(this::enable);
    router.post("/manufacturers/:name/crl").handler(this::crl);
    router.get("/manufacturers/:name/review").handler(this::review);
    router.post("/manufacturers/:name/cas/:ca/remove").handler(this::removeCa);
  }

  private void list(RoutingContext request) {
    work.answer(request, 200, () -> {
      JsonArray all = new JsonArray();
      parts
          .registry()
          .read(tables -> tables.manufacturers().all())
          .forEach(one -> all.add(ManufacturerJson.of(one)));
      return new JsonObject().put("manufacturers", all);
    });
  }

  private void show(RoutingContext request) {
    String name = name(request);
    work.answerTagged(
        request,
        200,
        () -> ManufacturerJson.of(parts
            .registry()
            .read(tables -> tables.manufacturers().find(name))
            .orElseThrow(() -> Work.notFound("manufacturer", name))));
  }

  private void add(RoutingContext request) {
    JsonObject body = Work.body(request);
    String name = Work.required(body, "name");
    List<X509Certificate> cas = Work.checked(() -> Pem.certificates(Work.required(body, "ca")));
    answer(request, 201, actor -> changes.add(name, cas, body, actor));
  }

  private void prove(RoutingContext request) {
    String pem = Work.required(Work.body(request), "certificate");
    List<X509Certificate> proofs = Work.checked(() -> Pem.certificates(pem));
    answer(request, 200, actor -> changes.prove(name(request), proofs.get(0), actor));
  }

  private void policy(RoutingContext request) {
    JsonObject body = Work.body(request);
    Precondition seen = Precondition.of(request);
    answer(request, 200, actor -> changes.policy(name(request), body, seen, actor));
  }

  private void disable(RoutingContext request) {
    JsonObject body = Work.body(request);
    Distrust distrust = ManufacturerJson.distrust(body, parts.clock().instant());
    @Nullable String ca = Work.optional(body, "ca");
    Precondition seen = Precondition.of(request);
    answer(request, 200, actor -> changes.trust(name(request), ca, distrust, seen, actor));
  }

  private void enable(RoutingContext request) {
    @Nullable String ca = Work.optional(Work.body(request), "ca");
    Precondition seen = Precondition.of(request);
    answer(request, 200, actor -> changes.trust(name(request), ca, null, seen, actor));
  }

  private void crl(RoutingContext request) {
    JsonObject body = Work.body(request);
    @Nullable String ca = Work.optional(body, "ca");
    @Nullable String url = Work.optional(body, "url");
    if (url == null) {
      String pem = Work.required(body, "crl");
      answer(request, 200, actor -> changes.crl(name(request), ca, pem, actor));
    } else {
      answer(request, 200, actor -> changes.crlUrl(name(request), ca, url, actor));
    }
  }

  private void review(RoutingContext request) {
    String name = name(request);
    String after = Work.after(request);
    int limit = Work.limit(request);
    work.answer(request, 200, () -> new ManufacturerReview(parts).of(name, after, limit));
  }

  private void removeCa(RoutingContext request) {
    String ca = String.valueOf(request.pathParam("ca"));
    answer(request, 200, actor -> changes.removeCa(name(request), ca, actor));
  }

  private void answer(RoutingContext request, int status, Function<Actor, Manufacturer> change) {
    Actor actor = Work.actor(request);
    work.answerTagged(request, status, () -> ManufacturerJson.of(change.apply(actor)));
  }

  private static String name(RoutingContext request) {
    return String.valueOf(request.pathParam("name"));
  }
}
