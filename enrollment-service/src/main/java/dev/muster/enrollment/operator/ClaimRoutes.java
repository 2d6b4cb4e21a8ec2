/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.desk.ClaimToken;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /claims}: tokens that let a device in once. */
final class ClaimRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimRoutes.class);
  private static final int ID_BYTES = 8;
  private static final int MAX_COUNT = 1000;
  private static final int DEFAULT_SECONDS = 7 * 24 * 3600;
  private static final int MAX_SECONDS = 366 * 24 * 3600;

  private final OperatorParts parts;
  private final Work work;
  private final SecureRandom random;

  ClaimRoutes(OperatorParts parts, Work work, SecureRandom random) {
    this.parts = parts;
    this.work = work;
    this.random = random;
  }

  void mount(Router router) {
    router.post("/claims").handler(this::create);
    router.get("/claims").handler(this::list);
    router.post("/claims/:id/revoke").handler(this::revoke);
  }

  private void create(RoutingContext request) {
    JsonObject body = Work.body(request);
    String manufacturer = Work.required(body, "manufacturer");
    @Nullable String serial = Work.optional(body, "serial");
    int count = number(body, "count", 1, MAX_COUNT);
    int seconds = number(body, "validForSeconds", DEFAULT_SECONDS, MAX_SECONDS);
    if (serial != null && serial.isBlank()) {
      throw Work.badRequest(
          "serial: " + Quoted.of(serial) + " (expected: that of a device, or none at all)");
    }
    if (serial != null && count > 1) {
      throw Work.badRequest("count: " + count + " (expected: 1 for a serial number)");
    }
    Instant now = parts.clock().instant().truncatedTo(ChronoUnit.MILLIS);
    Actor actor = Work.actor(request);
    Once once = Once.of(request);
    work.answer(request, 201, () -> {
      JsonObject answer = parts
          .registry()
          .commit(tables -> once.answer(
              tables,
              now,
              () -> {
                checkDevice(tables, manufacturer, serial);
                JsonArray claims = new JsonArray();
                for (int i = 0; i < count; i++) {
                  claims.add(create(
                      tables, manufacturer, serial, now, Duration.ofSeconds(seconds), actor));
                }
                return new JsonObject().put("claims", claims);
              },
              () -> tables
                  .audit()
                  .append(
                      AuditEvent.of(actor, "claim.shown-again", "manufacturer:" + manufacturer)
                          .with("serial", serial),
                      now)));
      LOG.info(
          "Claim tokens given manufacturer={} serial={} count={}", manufacturer, serial, count);
      return answer;
    });
  }

  private static void checkDevice(Registry.Tables tables, String name, @Nullable String serial) {
    Manufacturer manufacturer =
        tables.manufacturers().find(name).orElseThrow(() -> Work.notFound("manufacturer", name));
    if (serial != null
        && Registrar.deviceId(manufacturer, serial, tables.manufacturers().announced(name, serial))
            .isEmpty()) {
      throw Work.badRequest("serial: makes no device id (expected: 1 to 63 of [A-Za-z0-9._-]"
          + " together with the manufacturer's name)");
    }
  }

  private JsonObject create(
      Registry.Tables tables,
      String manufacturer,
      @Nullable String serial,
      Instant now,
      Duration validity,
      Actor actor) {
    ClaimToken token = ClaimToken.random(random);
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    ClaimRecord claim = new ClaimRecord(
        HexFormat.of().formatHex(id),
        manufacturer,
        serial,
        now,
        now.plus(validity),
        null,
        null,
        null,
        null);
    tables.claims().insert(claim, token.hash());
    tables
        .audit()
        .append(
            event(actor, "claim.created", claim)
                .with("serial", serial)
                .with("expiresAt", claim.expiresAt()),
            now);
    // The only time that it is shown.
    return json(claim, now).put("token", token.reveal());
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    String after = Work.after(request);
    String manufacturer = request.request().getParam("manufacturer");
    if (manufacturer == null) {
      throw Work.badRequest("manufacturer: absent (expected: a name)");
    }
    work.answer(request, 200, () -> {
      Instant now = parts.clock().instant();
      List<ClaimRecord> page =
          parts.registry().read(tables -> tables.claims().page(manufacturer, after, limit));
      JsonArray claims = new JsonArray();
      page.forEach(claim -> claims.add(json(claim, now)));
      return new JsonObject()
          .put("claims", claims)
          .put("next", page.size() < limit ? null : page.get(page.size() - 1).id());
    });
  }

  private void revoke(RoutingContext request) {
    String id = String.valueOf(request.pathParam("id"));
    Actor actor = Work.actor(request);
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          Instant now = parts.clock().instant();
          ClaimRecord claim = find(tables, id);
          if (claim.state(now).equals("used")) {
            throw Work.conflict("claim: used already (to take its device back: retire, or revoke)");
          }
          tables.claims().revoke(id, now);
          tables.audit().append(event(actor, "claim.revoked", claim), now);
          LOG.info("Claim token revoked claim={} manufacturer={}", id, claim.manufacturer());
          return json(find(tables, id), now);
        }));
  }

  private static ClaimRecord find(Registry.Tables tables, String id) {
    return tables.claims().find(id).orElseThrow(() -> Work.notFound("claim", id));
  }

  private static AuditEvent event(Actor actor, String action, ClaimRecord claim) {
    return AuditEvent.of(actor, action, "manufacturer:" + claim.manufacturer())
        .with("claim", claim.id());
  }

  private static int number(JsonObject body, String name, int otherwise, int most) {
    @Nullable Object value = body.getValue(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Integer number && number >= 1 && number <= most) {
      return number;
    }
    throw Work.badRequest(name + ": expected a number from 1 to " + most);
  }

  private static JsonObject json(ClaimRecord claim, Instant now) {
    return new JsonObject()
        .put("id", claim.id())
        .put("manufacturer", claim.manufacturer())
        .put("serial", claim.serial())
        .put("state", claim.state(now))
        .put("createdAt", claim.createdAt().toString())
        .put("expiresAt", claim.expiresAt().toString())
        .put("usedAt", text(claim.usedAt()))
        .put("usedBy", text(claim.usedBy()));
  }

  private static @Nullable String text(@Nullable Object value) {
    return Optional.ofNullable(value).map(Object::toString).orElse(null);
  }
}
