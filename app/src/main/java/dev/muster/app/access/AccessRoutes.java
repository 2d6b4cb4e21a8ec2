/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Operators.Client;
import dev.muster.app.access.Operators.SignIn;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.operator.OperatorRoutes;
import dev.muster.protocol.once.IfMatch;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /access}: sign in and out, operators, sessions, API tokens. */
final class AccessRoutes {
  /** The prefix makes browsers refuse it unless it is Secure and of this very host. */
  static final String COOKIE = "__Host-muster";

  static final String CSRF_HEADER = "X-CSRF-Token";
  private static final String DEVICE_COOKIE = "__Host-muster-known";
  private static final long DEVICE_COOKIE_SECONDS = Duration.ofDays(365).toSeconds();
  private static final int MAX_BROWSER = 200;
  private static final int MAX_DAYS = 366;

  private final Operators operators;
  private final SessionBook sessions;
  private final Places places;
  private final Places strangers;
  private final JsonObject ways;

  /**
   * @param places for whoever has signed in, now or from this browser before
   * @param strangers for all others: however many they are, they are in nobody else's way
   * @param ways to sign in
   */
  AccessRoutes(
      Operators operators, SessionBook sessions, Places places, Places strangers, JsonObject ways) {
    this.ways = ways;
    this.operators = operators;
    this.sessions = sessions;
    this.places = places;
    this.strangers = strangers;
  }

  /** The secret stands behind a {@code #}: it reaches no server's log, and no other site. */
  static String setUpPath(String secret) {
    return "/setup#" + secret;
  }

  void mount(Router api) {
    api.get("/access/ways").handler(ctx -> ctx.json(ways));
    api.post("/access/session").handler(this::signIn);
    api.get("/access/session").handler(this::whoAmI);
    api.delete("/access/session").handler(this::signOut);
    api.post("/access/setup").handler(this::setUp);
    api.post("/access/password").handler(this::changePassword);
    api.get("/access/sessions").handler(this::listSessions);
    api.delete("/access/sessions/:session").handler(this::endSession);
    api.get("/access/tokens").handler(this::listTokens);
    api.post("/access/tokens").handler(this::createToken);
    api.delete("/access/tokens/:token").handler(this::revokeToken);
    api.get("/access/operators").handler(this::listOperators);
    api.post("/access/operators").handler(this::createOperator);
    api.post("/access/operators/:operator/role").handler(this::changeRole);
    api.post("/access/operators/:operator/link").handler(this::newLink);
    api.delete("/access/operators/:operator").handler(this::removeOperator);
  }

  private void signIn(RoutingContext ctx) {
    JsonObject body = body(ctx);
    if (Boolean.TRUE.equals(body.getValue("certificate"))) {
      signInByCertificate(ctx);
      return;
    }
    String name = text(body, "name");
    String password = text(body, "password");
    Client client = client(ctx);
    Places own = operators.isKnown(name, client) ? places : strangers;
    run(ctx, own, () -> operators.signIn(name, password, client), outcome -> {
      if (outcome instanceof SignIn.Welcome welcome) {
        welcome(ctx, welcome);
      } else if (outcome instanceof SignIn.Wait wait) {
        sendAway(ctx, wait.pause());
      } else {
        ctx.fail(new HttpException(403, "name or password: not right"));
      }
    });
  }

  private void signInByCertificate(RoutingContext ctx) {
    List<X509Certificate> chain = Access.shown(ctx);
    Client client = client(ctx);
    run(ctx, strangers, () -> operators.signIn(chain, client), outcome -> {
      if (outcome instanceof SignIn.Welcome welcome) {
        welcome(ctx, welcome);
      } else {
        ctx.fail(new HttpException(
            403,
            chain.isEmpty()
                ? "certificate: none was shown (hint: the browser asks for one with the first"
                    + " connection)"
                : "certificate: opens nothing here (expected: of role operator, good, and of an"
                    + " operator's name)"));
      }
    });
  }

  private static void sendAway(RoutingContext ctx, Duration wait) {
    long seconds = wait.toSeconds() + 1;
    ctx.response().putHeader("Retry-After", Long.toString(seconds));
    ctx.fail(new HttpException(429, "too many attempts (expected: the next in " + seconds + " s)"));
  }

  private void setUp(RoutingContext ctx) {
    JsonObject body = body(ctx);
    String secret = text(body, "link");
    String password = optional(body, "password");
    String name = optional(body, "name");
    Client client = client(ctx);
    if (password == null) {
      run(
          ctx,
          strangers,
          () -> operators.invited(secret),
          who -> ctx.json(new JsonObject().put("operator", who.isEmpty() ? null : who)));
    } else {
      run(
          ctx,
          strangers,
          () -> operators.setUp(secret, name, password, client),
          done -> welcome(ctx, done));
    }
  }

  static Client client(RoutingContext ctx) {
    String browser = ctx.request().getHeader("User-Agent");
    Cookie device = ctx.request().getCookie(DEVICE_COOKIE);
    return new Client(
        OperatorRoutes.from(ctx),
        browser == null ? "" : browser.substring(0, Math.min(MAX_BROWSER, browser.length())),
        device == null ? null : device.getValue());
  }

  private void welcome(RoutingContext ctx, SignIn.Welcome welcome) {
    // A browser has one session: the one before would be open, and nobody's, for an hour.
    Cookie former = ctx.request().getCookie(COOKIE);
    if (former != null) {
      String hash = Secret.hash(former.getValue());
      sessions.end(one -> one.cookieHash().equals(hash));
    }
    giveCookies(ctx, welcome);
    ctx.json(json(welcome.session(), welcome.role(), welcome.fleets()));
  }

  static void giveCookies(RoutingContext ctx, SignIn.Welcome welcome) {
    ctx.response().addCookie(cookie(COOKIE, welcome.cookie()));
    ctx.response()
        .addCookie(cookie(DEVICE_COOKIE, welcome.device()).setMaxAge(DEVICE_COOKIE_SECONDS));
  }

  private static Cookie cookie(String name, String value) {
    return Cookie.cookie(name, value)
        .setPath("/")
        .setSecure(true)
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT);
  }

  private static JsonObject json(Session session, Role role, List<String> fleets) {
    return new JsonObject()
        .put("operator", session.operator())
        .put("role", role.label())
        .put("fleets", new JsonArray(fleets))
        .put("session", session.id())
        .put("csrf", session.csrf());
  }

  private void whoAmI(RoutingContext ctx) {
    Caller caller = Access.of(ctx);
    Session session = caller.session();
    ctx.json(
        session != null
            ? json(session, caller.role(), caller.fleets())
            : new JsonObject()
                .put("operator", caller.operator())
                .put("role", caller.role().label())
                .put("fleets", new JsonArray(caller.fleets()))
                .put("token", caller.token()));
  }

  private void signOut(RoutingContext ctx) {
    Session session = session(ctx);
    sessions.end(one -> one.id().equals(session.id()));
    ctx.response().addCookie(cookie(COOKIE, "").setMaxAge(0));
    ctx.response().setStatusCode(204).end();
  }

  private void changePassword(RoutingContext ctx) {
    Session session = session(ctx);
    JsonObject body = body(ctx);
    String current = text(body, "current");
    String password = text(body, "password");
    run(ctx, () -> operators.changePassword(session, current, password), wait -> {
      if (wait.isZero()) {
        ctx.response().setStatusCode(204).end();
      } else {
        sendAway(ctx, wait);
      }
    });
  }

  private void listSessions(RoutingContext ctx) {
    Session own = Access.of(ctx).session();
    String owner = visibleOwner(ctx);
    JsonArray list = new JsonArray();
    operators
        .openSessions(owner)
        .forEach(one -> list.add(new JsonObject()
            .put("id", one.id())
            .put("operator", one.operator())
            .put("address", one.address())
            .put("browser", one.browser())
            .put("since", one.since().toString())
            .put("lastUsed", one.lastUsed().toString())
            .put("current", own != null && own.id().equals(one.id()))));
    ctx.json(new JsonObject().put("sessions", list));
  }

  /**
   * An admin sees what is everybody's (null), others what is theirs; but a token that may do less
   * than its operator is no way to his sessions and his other tokens.
   */
  private static @Nullable String visibleOwner(RoutingContext ctx) {
    return Access.of(ctx).isAdminOfAll() ? null : session(ctx).operator();
  }

  private void endSession(RoutingContext ctx) {
    String id = ctx.pathParam("session");
    String owner = visibleOwner(ctx);
    Actor actor = Access.actor(ctx);
    done(ctx, () -> operators.endSession(id, owner, actor));
  }

  private void listTokens(RoutingContext ctx) {
    JsonArray list = new JsonArray();
    operators.tokens(visibleOwner(ctx)).forEach(token -> list.add(json(token)));
    ctx.json(new JsonObject().put("tokens", list));
  }

  private static JsonObject json(Accounts.Token token) {
    return new JsonObject()
        .put("id", token.id())
        .put("name", token.name())
        .put("operator", token.owner())
        .put("role", token.role().label())
        .put("createdAt", token.createdAt())
        .put("expiresAt", token.expiresAt());
  }

  private void createToken(RoutingContext ctx) {
    Caller caller = Access.of(ctx);
    Session session = session(ctx);
    JsonObject body = body(ctx);
    String name = text(body, "name");
    Role role = checked(() -> Role.of(text(body, "role")));
    if (!caller.role().includes(role)) {
      throw new HttpException(
          403,
          "role: " + role.label() + " (expected: at most yours, "
              + caller.role().label() + ")");
    }
    Duration validity = Duration.ofDays(days(body));
    Actor actor = Access.actor(ctx);
    run(
        ctx,
        () -> operators.createToken(session, name, role, validity, actor),
        made -> ctx.response()
            .setStatusCode(201)
            .putHeader("Content-Type", "application/json")
            .end(json(made.token()).put("secret", made.text()).toBuffer()));
  }

  private static int days(JsonObject body) {
    Object value = body.getValue("validForDays", 90);
    if (value instanceof Integer days && days >= 1 && days <= MAX_DAYS) {
      return days;
    }
    throw new HttpException(400, "validForDays: expected 1 to " + MAX_DAYS);
  }

  private void revokeToken(RoutingContext ctx) {
    String id = ctx.pathParam("token");
    String owner = visibleOwner(ctx);
    Actor actor = Access.actor(ctx);
    done(ctx, () -> operators.revokeToken(id, owner, actor));
  }

  private void listOperators(RoutingContext ctx) {
    JsonArray list = new JsonArray();
    operators
        .all()
        .forEach(one -> list.add(new JsonObject()
            .put("name", one.name())
            .put("role", one.role().label())
            .put("fleets", new JsonArray(one.fleets()))
            .put("ready", one.password() != null)
            .put("etag", one.tag())
            .put("createdAt", one.createdAt())));
    ctx.json(new JsonObject().put("operators", list));
  }

  private void createOperator(RoutingContext ctx) {
    JsonObject body = body(ctx);
    String name = text(body, "name");
    Role role = checked(() -> Role.of(text(body, "role")));
    List<String> fleets = fleets(body);
    Actor actor = Access.actor(ctx);
    run(
        ctx,
        () -> operators.create(name, role, fleets == null ? List.of() : fleets, actor),
        secret -> ctx.response()
            .setStatusCode(201)
            .putHeader("Content-Type", "application/json")
            .end(new JsonObject()
                .put("name", name)
                .put("path", setUpPath(secret))
                .toBuffer()));
  }

  private void newLink(RoutingContext ctx) {
    String name = ctx.pathParam("operator");
    Actor actor = Access.actor(ctx);
    run(
        ctx,
        () -> operators.newLink(name, actor),
        secret -> ctx.json(new JsonObject().put("name", name).put("path", setUpPath(secret))));
  }

  private void changeRole(RoutingContext ctx) {
    String name = ctx.pathParam("operator");
    JsonObject body = body(ctx);
    Role role = checked(() -> Role.of(text(body, "role")));
    @Nullable List<String> fleets = fleets(body);
    Actor actor = Access.actor(ctx);
    IfMatch seen = ifMatch(ctx);
    done(ctx, () -> operators.changeRole(name, role, fleets, seen, actor));
  }

  private void removeOperator(RoutingContext ctx) {
    String name = ctx.pathParam("operator");
    Actor actor = Access.actor(ctx);
    IfMatch seen = ifMatch(ctx);
    done(ctx, () -> operators.remove(name, seen, actor));
  }

  private static IfMatch ifMatch(RoutingContext ctx) {
    return checked(() -> IfMatch.of(ctx.request().headers().getAll(IfMatch.HEADER)));
  }

  private static Session session(RoutingContext ctx) {
    Session session = Access.of(ctx).session();
    if (session == null) {
      throw new HttpException(403, "not with a token (expected: somebody who has signed in)");
    }
    return session;
  }

  private void done(RoutingContext ctx, Runnable work) {
    run(
        ctx,
        () -> {
          work.run();
          return true;
        },
        done -> ctx.response().setStatusCode(204).end());
  }

  private <T> void run(RoutingContext ctx, Supplier<T> work, Consumer<T> then) {
    run(ctx, places, work, then);
  }

  private static <T> void run(
      RoutingContext ctx, Places places, Supplier<T> work, Consumer<T> then) {
    places.run(() -> checked(work)).onSuccess(then::accept).onFailure(ctx::fail);
  }

  private static <T> T checked(Supplier<T> work) {
    try {
      return work.get();
    } catch (IllegalArgumentException e) {
      throw new HttpException(400, e.getMessage());
    }
  }

  private static JsonObject body(RoutingContext ctx) {
    try {
      JsonObject body = ctx.body().asJsonObject();
      return body == null ? new JsonObject() : body;
    } catch (DecodeException | ClassCastException e) {
      throw new HttpException(400, "body: not a JSON object");
    }
  }

  private static String text(JsonObject body, String name) {
    String value = optional(body, name);
    if (value == null || value.isEmpty()) {
      throw new HttpException(400, name + ": absent (expected: a text)");
    }
    return value;
  }

  private static @Nullable List<String> fleets(JsonObject body) {
    Object value = body.getValue("fleets");
    if (value == null) {
      return null;
    }
    if (value instanceof JsonArray array && array.stream().allMatch(String.class::isInstance)) {
      return array.stream().map(String.class::cast).toList();
    }
    throw new HttpException(400, "fleets: expected a list of their names");
  }

  private static @Nullable String optional(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw new HttpException(400, name + ": expected a text");
  }
}
