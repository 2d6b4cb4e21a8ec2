/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.InvalidPolicyException;
import dev.muster.broker.authz.Policies;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.PolicyPreview;
import dev.muster.broker.presence.Presence;
import dev.muster.broker.presence.PresenceBook;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** The policy in force, and what another one would take from whom. */
final class PreviewRoutes {
  private static final int DEVICES_AT_ONCE = 1_000;

  private final Policies policies;
  private final Sessions sessions;
  private final PresenceBook presence;
  private final WorkerExecutor executor;

  /** Each looks at every device, with the threads of all who ask for telemetry. */
  private final AtomicBoolean looking = new AtomicBoolean();

  PreviewRoutes(
      Policies policies, Sessions sessions, PresenceBook presence, WorkerExecutor executor) {
    this.policies = policies;
    this.sessions = sessions;
    this.presence = presence;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/policy").handler(this::show);
    router.post("/policy/preview").handler(Requests.checked(this::preview));
  }

  private void show(RoutingContext context) {
    context.json(new JsonObject()
        .put("file", policies.file().toString())
        .put("roles", new JsonArray(policies.current().roles()))
        .put("problem", policies.problem().orElse(null))
        .put("text", policies.text()));
  }

  private void preview(RoutingContext context) {
    String text = Requests.body(context).path("policy").textValue();
    if (text == null) {
      throw new IllegalArgumentException("policy: absent (expected: the text of a policy file)");
    }
    if (!looking.compareAndSet(false, true)) {
      ProblemDetails.failForNow(
          context, "policy: another is being looked at (expected: one at a time; try again)");
      return;
    }
    executor
        .executeBlocking(() -> preview(text), false)
        .onComplete(done -> looking.set(false))
        .onSuccess(context::json)
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private JsonObject preview(String text) throws SQLException {
    PolicyFile then;
    try {
      then = PolicyFile.parse("policy", text);
    } catch (InvalidPolicyException e) {
      return new JsonObject().put("good", false).put("problems", new JsonArray(e.problems()));
    }
    PolicyPreview preview = new PolicyPreview(policies.current(), then);
    List<ClientSession> live =
        sessions.all().stream().filter(ClientSession::isLive).toList();
    // Devices by what was seen of them, connected or not; of programs only who is connected.
    live.stream()
        .filter(session -> !session.subject().isDevice())
        .forEach(session -> preview.look(session.subject(), session.clientId()));
    lookAtDevices(preview);
    JsonArray losses = new JsonArray();
    preview.losses().forEach(loss -> losses.add(json(loss)));
    return new JsonObject()
        .put("good", true)
        .put("roles", new JsonArray(then.roles()))
        .put("clients", preview.clients())
        .put("losses", losses)
        .put("moreLosses", preview.untold())
        .put("subscriptions", ending(then, live));
  }

  private void lookAtDevices(PolicyPreview preview) throws SQLException {
    for (boolean online : List.of(true, false)) {
      String after = "";
      Map<DeviceId, Presence> page;
      do {
        page = presence.list(online, after, DEVICES_AT_ONCE);
        for (Map.Entry<DeviceId, Presence> one : page.entrySet()) {
          after = one.getKey().value();
          preview.look(device(after, one.getValue()), after);
        }
      } while (page.size() == DEVICES_AT_ONCE);
    }
  }

  private static ClientSubject device(String id, Presence seen) {
    return new ClientSubject(
        ClientSubject.DEVICE_ISSUER, id, seen.fleet().value(), DeviceSubject.UNIT);
  }

  /** Subscriptions that would be taken away at once. */
  private static JsonArray ending(PolicyFile then, List<ClientSession> live) {
    List<JsonObject> ending = new ArrayList<>();
    for (ClientSession session : live) {
      if (then.admit(session.subject(), session.clientId())
          instanceof PolicyFile.Admission.Admitted admitted) {
        session.filters().stream()
            .filter(filter -> !admitted.policy().subscribe(filter).allowed())
            .forEach(filter -> ending.add(
                new JsonObject().put("client", session.clientId()).put("filter", filter)));
      }
    }
    return new JsonArray(ending.subList(0, Math.min(ending.size(), DEVICES_AT_ONCE)));
  }

  private static JsonObject json(PolicyPreview.Loss loss) {
    return new JsonObject()
        .put("act", loss.act())
        .put("rule", loss.rule())
        .put("topic", loss.topic())
        .put("reason", loss.reason())
        .put("clients", loss.clients())
        .put("sample", new JsonArray(loss.sample()));
  }
}
