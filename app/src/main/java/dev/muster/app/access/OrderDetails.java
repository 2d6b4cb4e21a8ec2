/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.enrollment.audit.AuditEvent;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an order to the broker says, and what there is before it is carried out, as the audit log
 * keeps it. Not a command's payload: it may be a secret, and the log forgets nothing. Nor its
 * digest, by which a short one is guessed.
 */
final class OrderDetails {
  private final DesiredTwins twins;

  OrderDetails(DesiredTwins twins) {
    this.twins = twins;
  }

  /** Blocks. */
  AuditEvent addTo(AuditEvent event, RoutingContext request) {
    AuditEvent told = event
        .with("request", request.request().method() + " " + request.normalizedPath())
        .with("ifMatch", request.request().getHeader("If-Match"));
    @Nullable JsonObject body = body(request);
    if (body == null) {
      return told;
    }
    return switch (event.action()) {
      case "twin.change-ordered" -> twin(told, request, body);
      case "command.ordered" ->
        told.with("name", body.getValue("name"))
            .with("validForSeconds", body.getValue("validForSeconds"));
      default -> told.with("contentType", body.getValue("contentType"));
    };
  }

  private AuditEvent twin(AuditEvent event, RoutingContext request, JsonObject body) {
    boolean patch = request.request().method().name().equals("PATCH");
    AuditEvent told = event.with(patch ? "patch" : "after", body.encode());
    Optional<DesiredTwins.Desired> now = twins.of(String.valueOf(request.pathParam("id")));
    return now.isEmpty()
        ? told
        : told.with("version", now.get().version())
            .with(
                "before",
                (patch ? touched(now.get().content(), body) : now.get().content()).encode());
  }

  /** Of a document, what a merge patch is about (RFC 7396). */
  private static JsonObject touched(JsonObject document, JsonObject patch) {
    JsonObject touched = new JsonObject();
    patch.fieldNames().stream().filter(document::containsKey).forEach(name -> {
      Object old = document.getValue(name);
      boolean both = old instanceof JsonObject && patch.getValue(name) instanceof JsonObject;
      touched.put(
          name, both ? touched(document.getJsonObject(name), patch.getJsonObject(name)) : old);
    });
    return touched;
  }

  private static @Nullable JsonObject body(RoutingContext request) {
    try {
      return request.body().asJsonObject();
    } catch (DecodeException | ClassCastException e) {
      // Whoever carries it out says so.
      return null;
    }
  }
}
