/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.RenewalOrder;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /certificates/renew-now}: has devices renew before it is time. */
final class RenewalRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(RenewalRoutes.class);
  private static final Duration SPREAD = Duration.ofHours(1);
  private static final int MAX_SPREAD_SECONDS = 90 * 24 * 3600;

  private final OperatorParts parts;
  private final Work work;

  RenewalRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  /** To be mounted before the routes of single certificates, whose paths look alike. */
  void mount(Router router) {
    router.post("/certificates/renew-now").handler(this::order);
    router
        .get("/certificates/renew-now")
        .handler(request -> work.answer(request, 200, () -> {
          JsonArray orders = new JsonArray();
          parts
              .registry()
              .read(tables -> tables.renewalOrders().all())
              .forEach(order -> orders.add(json(order)));
          return new JsonObject().put("orders", orders);
        }));
  }

  private void order(RoutingContext request) {
    JsonObject body = Work.body(request);
    Instant now = parts.clock().instant();
    String fleetName = Work.optional(body, "fleet");
    @Nullable FleetName fleet = fleetName == null ? null : Work.checked(() -> new FleetName(fleetName));
    RenewalOrder order = new RenewalOrder(
        UUID.randomUUID().toString(),
        issuer(Work.optional(body, "issuer")),
        fleet,
        before(Work.optional(body, "before"), now),
        now,
        now.plus(spread(body.getValue("spreadSeconds"))));
    Actor actor = Work.actor(request);
    Once once = Once.of(request);
    work.answer(request, 201, () -> {
      JsonObject answer = parts
          .registry()
          .commit(tables -> once.answer(
              tables,
              now,
              () -> {
                tables.renewalOrders().insert(order);
                tables.audit().append(event(actor, order), now);
                return json(order);
              },
              () -> {}));
      if (order.id().equals(answer.getString("id"))) {
        LOG.info(
            "Early renewal ordered issuer={} fleet={} issuedBefore={} until={}",
            order.issuer(),
            order.fleet(),
            order.issuedBefore(),
            order.closes());
      }
      return answer;
    });
  }

  /** One that is none would be an order that no device is meant by. */
  private @Nullable String issuer(@Nullable String id) {
    if (id != null && parts.authorities().history().find(id).isEmpty()) {
      throw Work.badRequest(
          "issuer: " + Quoted.of(id) + " (expected: the id of a CA, see /authorities)");
    }
    return id;
  }

  private static AuditEvent event(Actor actor, RenewalOrder order) {
    return AuditEvent.of(actor, "renewal.ordered", "renewal:" + order.id())
        .with("issuer", order.issuer())
        .with("fleet", order.fleet())
        .with("issuedBefore", order.issuedBefore())
        .with("opens", order.opens())
        .with("closes", order.closes());
  }

  private static Instant before(@Nullable String text, Instant now) {
    if (text == null) {
      return now;
    }
    Instant before = Work.time("before", text);
    // What is issued from now on is what the order is meant to bring about.
    return before.isAfter(now) ? now : before;
  }

  private static Duration spread(@Nullable Object seconds) {
    if (seconds == null) {
      return SPREAD;
    }
    if (seconds instanceof Integer number && number >= 1 && number <= MAX_SPREAD_SECONDS) {
      return Duration.ofSeconds(number);
    }
    throw Work.badRequest("spreadSeconds: expected a number from 1 to " + MAX_SPREAD_SECONDS);
  }

  private static JsonObject json(RenewalOrder order) {
    return new JsonObject()
        .put("id", order.id())
        .put("issuer", order.issuer())
        .put("fleet", order.fleet() == null ? null : order.fleet().value())
        .put(
            "issuedBefore", order.issuedBefore().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("opens", order.opens().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("closes", order.closes().truncatedTo(ChronoUnit.SECONDS).toString());
  }
}
