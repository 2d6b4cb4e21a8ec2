/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.authz.Decision;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.session.Sessions;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the policy grants those who are connected, and what was refused. Called on event loops. */
final class PolicyRoutes {
  private final Sessions sessions;
  private final Refusals refusals;

  PolicyRoutes(Sessions sessions, Refusals refusals) {
    this.sessions = sessions;
    this.refusals = refusals;
  }

  void mount(Router router) {
    router.get("/sessions/:client/explain").handler(Requests.checked(this::explain));
    router.get("/refusals/:name").handler(this::refusals);
  }

  private void explain(RoutingContext context) {
    String client = context.pathParam("client");
    Optional<ClientSession> session = sessions.liveOf(client);
    if (session.isEmpty()) {
      context.fail(new HttpException(
          404, "client: " + Quoted.of(client) + " (expected: the id of one that is connected)"));
      return;
    }
    HttpServerRequest request = context.request();
    @Nullable Decision decision = decide(session.get(), request);
    if (decision == null) {
      context.fail(new HttpException(
          400, "publish, will, subscribe or receive: none (expected: one of them, with a topic)"));
      return;
    }
    context.json(new JsonObject()
        .put("client", client)
        .put("subject", session.get().subject().toString())
        .put("issuer", session.get().subject().issuer())
        .put("roles", new JsonArray(session.get().policy().roles()))
        .put("allowed", decision.allowed())
        .put("rule", decision.rule())
        .put("detail", decision.detail()));
  }

  private static @Nullable Decision decide(ClientSession session, HttpServerRequest request) {
    boolean retain = Boolean.parseBoolean(request.getParam("retain", "false"));
    int bytes =
        (int) Requests.number("bytes", request.getParam("bytes", "0"), 0, Integer.MAX_VALUE);
    if (request.getParam("publish") != null) {
      return session.policy().publish(request.getParam("publish"), retain, bytes);
    }
    if (request.getParam("will") != null) {
      return session.policy().will(request.getParam("will"), retain, bytes);
    }
    if (request.getParam("subscribe") != null) {
      return session.policy().subscribe(request.getParam("subscribe"));
    }
    return request.getParam("receive") == null
        ? null
        : session.policy().receive(request.getParam("receive"));
  }

  private void refusals(RoutingContext context) {
    JsonArray accounts = new JsonArray();
    refusals.of(context.pathParam("name")).forEach(account -> accounts.add(toJson(account)));
    context.json(new JsonObject().put("refusals", accounts));
  }

  private static JsonObject toJson(Refusals.Account account) {
    JsonArray newest = new JsonArray();
    account
        .newest()
        .forEach(one -> newest.add(new JsonObject()
            .put("at", one.at().toString())
            .put("operation", one.operation())
            .put("topic", one.topic())
            .put("rule", one.rule())
            .put("detail", one.detail())));
    return new JsonObject()
        .put("subject", account.subject().toString())
        .put("issuer", account.subject().issuer())
        .put("counts", new JsonObject(new TreeMap<>(account.counts())))
        .put("newest", newest);
  }
}
