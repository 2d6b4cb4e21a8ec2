/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.idevid.IdentityRule;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.CrlMode;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.ManufacturerCa.Challenge;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Manufacturers as an operator reads and writes them. */
final class ManufacturerJson {
  private ManufacturerJson() {}

  static JsonObject of(Manufacturer manufacturer) {
    JsonArray cas = new JsonArray();
    manufacturer.cas().forEach(ca -> cas.add(of(ca)));
    JsonObject json = new JsonObject()
        .put("name", manufacturer.name())
        .put("status", manufacturer.distrust() == null ? "enabled" : "disabled");
    put(json, manufacturer.distrust());
    return json.mergeIn(of(manufacturer.policy())).put("cas", cas);
  }

  static JsonObject of(ManufacturerPolicy policy) {
    return new JsonObject()
        .put("admission", policy.admission().label())
        .put("fleet", policy.fleet() == null ? null : policy.fleet().value())
        .put("identity", policy.identity().toString())
        .put("expiredIdevids", policy.expiredIdevids())
        .put("futureTolerance", policy.futureTolerance().toString())
        .put("renewalGrace", policy.renewalGrace().toString())
        .put("claimRequired", policy.claimRequired())
        .put("crlMode", policy.crlMode().label());
  }

  private static JsonObject of(ManufacturerCa ca) {
    JsonObject json = new JsonObject()
        .put("subject", ca.certificate().getSubjectX500Principal().getName())
        .put("fingerprint", ca.fingerprint().hex())
        .put("notAfter", ca.certificate().getNotAfter().toInstant().toString())
        .put("status", ca.status());
    put(json, ca.distrust());
    @Nullable Challenge challenge = ca.challenge();
    if (challenge != null) {
      json.put("challenge", challenge.text())
          .put("challengeUntil", challenge.until().toString());
    }
    if (ca.crlUrl() != null) {
      json.put("crlUrl", ca.crlUrl().toString());
    }
    return json;
  }

  private static void put(JsonObject json, @Nullable Distrust distrust) {
    if (distrust != null) {
      json.put("disabledFrom", distrust.from().toString())
          .put("renewalsDisabled", distrust.renewals());
    }
  }

  /** The terms in {@code body}; those it does not name stay as they were. */
  static ManufacturerPolicy policy(JsonObject body, ManufacturerPolicy before) {
    return Work.checked(() -> new ManufacturerPolicy(
        text(body, "admission", Admission::of, before.admission()),
        text(body, "fleet", FleetName::new, before.fleet()),
        text(body, "identity", IdentityRule::of, before.identity()),
        flag(body, "expiredIdevids", before.expiredIdevids()),
        text(body, "futureTolerance", ManufacturerJson::duration, before.futureTolerance()),
        text(body, "renewalGrace", ManufacturerJson::duration, before.renewalGrace()),
        flag(body, "claimRequired", before.claimRequired()),
        text(body, "crlMode", CrlMode::of, before.crlMode())));
  }

  /** {@code since} and {@code renewals}; from now on, and renewals go on, if they are absent. */
  static Distrust distrust(JsonObject body, Instant now) {
    return new Distrust(
        text(body, "since", text -> Work.time("since", text), now), flag(body, "renewals", false));
  }

  private static <T extends @Nullable Object> T text(
      JsonObject body, String name, Function<String, T> parse, T absent) {
    @Nullable String value = Work.optional(body, name);
    return value == null ? absent : parse.apply(value);
  }

  private static boolean flag(JsonObject body, String name, boolean absent) {
    Object value = body.getValue(name);
    if (value == null) {
      return absent;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw Work.badRequest(name + ": expected true or false");
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "duration: " + Quoted.of(text) + " (expected: ISO 8601, as PT5M or P7D)", e);
    }
  }
}
