/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Operators.Client;
import dev.muster.app.access.Provider.Identity;
import dev.muster.app.access.Provider.Pending;
import dev.muster.app.access.Provider.RefusedException;
import dev.muster.app.access.Provider.RefusedException.Why;
import dev.muster.enrollment.operator.OperatorRoutes;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends browsers to an OpenID provider, and takes them back. */
final class ProviderRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ProviderRoutes.class);
  private static final String COOKIE = "__Host-muster-provider";
  private static final Duration LONGEST = Duration.ofMinutes(10);
  /** Strangers may begin as many as they like; what is kept of it has an end. */
  private static final int MAX_PENDING = 5_000;
  /** Of one address: who begins without end is in his own way alone. */
  private static final int MAX_OF_ADDRESS = 50;

  private static final int MAX_CODE = 2_048;

  private final Provider provider;
  private final Operators operators;
  private final Places places;
  private final Clock clock;
  private final Map<String, Begun> pending = new LinkedHashMap<>();

  private record Begun(Pending pending, String address) {}

  ProviderRoutes(Provider provider, Operators operators, Places places, Clock clock) {
    this.provider = provider;
    this.operators = operators;
    this.places = places;
    this.clock = clock;
  }

  void mount(Router root) {
    root.get("/provider").handler(this::begin);
    root.get(ProviderSettings.CALLBACK).handler(this::comeBack);
  }

  private void begin(RoutingContext ctx) {
    Pending begun = provider.newPending();
    places
        .run(() -> provider.authorization(begun))
        .onSuccess(where -> {
          remember(begun, OperatorRoutes.from(ctx));
          // Lax: the provider's page sends the browser back to us.
          ctx.response().addCookie(cookie(begun.state().getValue()).setMaxAge(LONGEST.toSeconds()));
          redirect(ctx, where.toString());
        })
        .onFailure(problem -> refuse(ctx, problem));
  }

  private synchronized void remember(Pending begun, String address) {
    Instant oldest = clock.instant().minus(LONGEST);
    pending.values().removeIf(one -> one.pending().since().isBefore(oldest));
    List<String> his = pending.entrySet().stream()
        .filter(one -> one.getValue().address().equals(address))
        .map(Map.Entry::getKey)
        .toList();
    if (his.size() >= MAX_OF_ADDRESS) {
      pending.remove(his.get(0));
    } else if (pending.size() >= MAX_PENDING) {
      pending.remove(pending.keySet().iterator().next());
    }
    pending.put(begun.state().getValue(), new Begun(begun, address));
  }

  /** Once, and for the browser alone that has begun it. */
  private synchronized Optional<Pending> take(RoutingContext ctx) {
    @Nullable String state = ctx.request().getParam("state");
    Cookie begun = ctx.request().getCookie(COOKIE);
    if (state == null || begun == null || !Secret.same(state, begun.getValue())) {
      return Optional.empty();
    }
    return Optional.ofNullable(pending.remove(state))
        .map(Begun::pending)
        .filter(one -> clock.instant().isBefore(one.since().plus(LONGEST)));
  }

  private void comeBack(RoutingContext ctx) {
    Optional<Pending> begun = take(ctx);
    @Nullable String code = ctx.request().getParam("code");
    @Nullable String issuer = ctx.request().getParam("iss");
    ctx.response().addCookie(cookie("").setMaxAge(0));
    if (begun.isEmpty()) {
      refuse(ctx, new RefusedException(Why.OVER, "state: of no sign-in that was begun here"));
    } else if (code == null || code.length() > MAX_CODE) {
      refuse(ctx, new RefusedException(Why.PROVIDER, "no code, or a very long one"));
    } else {
      Client client = AccessRoutes.client(ctx);
      places
          .run(() -> {
            Identity identity = provider.identify(begun.get(), code, issuer);
            return operators.signIn(identity, client);
          })
          .onSuccess(welcome -> {
            AccessRoutes.giveCookies(ctx, welcome);
            redirect(ctx, "/");
          })
          .onFailure(problem -> refuse(ctx, problem));
    }
  }

  /** Why, in a word that the page knows; never in words that somebody else has put there. */
  private static void refuse(RoutingContext ctx, Throwable problem) {
    Why why = problem instanceof RefusedException refused ? refused.why() : Why.PROVIDER;
    LOG.warn(
        "Sign-in refused by=provider from={} reason={}",
        OperatorRoutes.from(ctx),
        Quoted.of(String.valueOf(problem.getMessage())));
    redirect(ctx, "/sign-in?refused=" + why.name().toLowerCase(Locale.ROOT));
  }

  private static void redirect(RoutingContext ctx, String where) {
    ctx.response().setStatusCode(302).putHeader("Location", where).end();
  }

  private static Cookie cookie(String value) {
    return Cookie.cookie(COOKIE, value)
        .setPath("/")
        .setSecure(true)
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.LAX);
  }
}
