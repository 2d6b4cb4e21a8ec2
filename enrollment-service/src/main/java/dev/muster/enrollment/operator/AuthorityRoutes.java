/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.inventory.Crls;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.rollover.RollOver;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /authorities}: our CAs, and how one follows the other. */
final class AuthorityRoutes {
  private static final Set<String> KINDS =
      Set.of(AuthorityHistory.ROOT, AuthorityHistory.DEVICE, AuthorityHistory.SERVICE);
  private static final List<String> REASONS =
      List.of(RevocationReason.KEY_COMPROMISE.label(), RevocationReason.CA_COMPROMISE.label());

  /** What makes the id of the first of a kind from the kind, for those who want to be sure. */
  private static final String FIRST = "-1";

  /** The shard that is none: all certificates of the issuer. */
  private static final int COMPLETE = 0;

  private final OperatorParts parts;
  private final Work work;

  AuthorityRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/authorities").handler(request -> work.answer(request, 200, this::list));
    router.post("/authorities/:id/roll-over").handler(this::rollOver);
  }

  private JsonObject list() {
    JsonArray authorities = new JsonArray();
    parts.rollOver().history().all().forEach(authority -> authorities.add(json(authority)));
    return new JsonObject().put("authorities", authorities);
  }

  private void rollOver(RoutingContext request) {
    String id = String.valueOf(request.pathParam("id"));
    JsonObject body = Work.body(request);
    boolean emergency = flag(body, "emergency");
    boolean atOnce = flag(body, "now");
    @Nullable String reason = Work.optional(body, "reason");
    Actor actor = Work.actor(request);
    work.answer(
        request, 200, () -> emergency ? compromised(id, reason, actor) : begin(id, atOnce, actor));
  }

  private JsonObject begin(String kind, boolean atOnce, Actor actor) {
    if (!KINDS.contains(kind)) {
      throw new HttpException(
          404, "authority: " + Quoted.of(kind) + " (expected: one of " + KINDS + ")");
    }
    RollOver rollOver = parts.rollOver();
    return answer(() -> rollOver.begin(kind, atOnce, actor));
  }

  private JsonObject compromised(String id, @Nullable String reason, Actor actor) {
    if (reason == null || !REASONS.contains(reason)) {
      throw Work.badRequest("reason: expected one of " + REASONS + " for an emergency");
    }
    parts.rollOver().problem().ifPresent(problem -> {
      throw Work.conflict(problem);
    });
    AuthorityHistory history = parts.rollOver().history();
    String lost = meant(history, id);
    if (history.find(lost).isEmpty()) {
      throw Work.notFound("authority", id);
    }
    return answer(() -> parts.rollOver().compromised(lost, RevocationReason.of(reason), actor))
        .put("compromised", lost);
  }

  /**
   * Which CA is lost: that of an id, or the active one of a kind. The first of a kind has the kind
   * for its id; that is taken for neither if it could be either.
   */
  private static String meant(AuthorityHistory history, String named) {
    String kind = Authority.kindOf(named);
    if (!named.equals(kind) || !KINDS.contains(kind)) {
      return named.equals(kind + FIRST) ? kind : named;
    }
    String active = history.active(kind).id();
    boolean retires = history
        .find(kind)
        .filter(first -> first.state() == Authority.State.RETIRING)
        .isPresent();
    if (retires) {
      throw Work.conflict("authority " + kind + ": the first one, which retires, or " + active
          + ", which issues? (expected: " + kind + FIRST + " or " + active + ")");
    }
    if (isSuccessorOfALostOne(history, active)) {
      // Whose answer was lost asks again, and means the one that is gone already.
      throw Work.conflict("authority " + kind + ": " + active
          + " has taken its place in an emergency (expected: " + active
          + ", if that one is lost, too)");
    }
    return active;
  }

  /** An emergency changes both in one moment. */
  private static boolean isSuccessorOfALostOne(AuthorityHistory history, String active) {
    Instant since = history.find(active).orElseThrow().since();
    return history.of(Authority.kindOf(active)).stream()
        .anyMatch(other ->
            other.state() == Authority.State.COMPROMISED && other.since().equals(since));
  }

  private interface Change {
    String run();
  }

  private JsonObject answer(Change change) {
    String id;
    try {
      id = change.run();
    } catch (IllegalArgumentException e) {
      throw Work.conflict(String.valueOf(e.getMessage()));
    }
    return json(parts.rollOver().history().find(id).orElseThrow());
  }

  private static boolean flag(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null || value instanceof Boolean) {
      return Boolean.TRUE.equals(value);
    }
    throw Work.badRequest(name + ": expected true or false");
  }

  private JsonObject json(Authority authority) {
    Optional<Instant> activation = authority.state() == Authority.State.PREPARED
        ? Optional.of(parts.rollOver().activationOf(authority))
        : Optional.empty();
    return new JsonObject()
        .put("id", authority.id())
        .put("kind", authority.kind())
        .put("state", authority.state().label())
        .put("since", authority.since().toString())
        .put("activeFrom", activation.map(Instant::toString).orElse(null))
        .put("parent", authority.parent())
        .put("subject", authority.certificate().getSubjectX500Principal().getName())
        .put("serial", authority.certificate().getSerialNumber().toString(16))
        .put("notAfter", authority.notAfter().toString())
        .put("crl", crl(authority.id()))
        .put("certificate", Pem.of(List.of(authority.certificate())));
  }

  /** The newest complete CRL; null as long as there is none. */
  private @Nullable JsonObject crl(String issuer) {
    Map<Integer, Crls.Issued> newest =
        parts.registry().read(tables -> tables.crls().newest(issuer));
    Crls.@Nullable Issued complete = newest.get(COMPLETE);
    return complete == null
        ? null
        : new JsonObject()
            .put("number", complete.number())
            .put("thisUpdate", complete.thisUpdate().toString())
            .put("nextUpdate", complete.nextUpdate().toString())
            .put("entries", complete.entries())
            .put("shards", newest.size() - 1);
  }
}
