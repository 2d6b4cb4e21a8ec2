/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.data.AdminToken;
import dev.muster.broker.FleetBroker;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.operator.OperatorRoutes;
import dev.muster.protocol.identity.Quoted;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The door of the operator API: who asks, whether he may, and who is written down for it. */
public final class Access {
  private static final Logger LOG = LoggerFactory.getLogger(Access.class);
  private static final String BEARER = "Bearer ";
  private static final String CALLER = "muster.caller";
  private static final String ADMITTED = "muster.admitted";
  private static final int THREADS = 2;
  /**
   * Answers that go on for long, and how many of them one operator may read at a time: half of what
   * there is for all, so that nobody is in all others' way.
   */
  private static final Map<String, Integer> STREAMS =
      Map.of("/telemetry/live", 8, "/telemetry/export", 2, "/export/devices", 2);

  private static final long LOOK_MS = 2_000;
  private static final int MAX_UNKNOWN = 3;

  private final AdminToken keyFile;
  private final Vertx vertx;
  private final Operators operators;
  private final SessionBook sessions;
  private final Journal journal;
  private final WorkerExecutor workers;
  private final Counter refused;
  private final Ways ways;
  private final FleetMembers members;
  private final OrderDetails orders;
  private final Clock clock;
  private final Places strangers;
  private final Places certified;
  private final Map<String, Integer> reading = new ConcurrentHashMap<>();

  /**
   * How operators may sign in besides with a password.
   *
   * @param certificates by which they may show who they are; {@code NONE} if they may not
   * @param provider null without one
   */
  public record Ways(
      OperatorCertificates certificates, @Nullable ProviderSettings provider) {
    /** In no other way. */
    public static final Ways PASSWORD = new Ways(OperatorCertificates.NONE, null);

    boolean certificate() {
      return certificates != OperatorCertificates.NONE;
    }
  }

  /**
   * Opens the accounts of {@code file}; blocks.
   *
   * @throws dev.muster.app.UserError if they are damaged
   */
  public Access(
      Path file,
      AdminToken keyFile,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters,
      Ways ways,
      FleetMembers members,
      DesiredTwins twins,
      Journal journal) {
    this.members = members;
    this.orders = new OrderDetails(twins);
    this.ways = ways;
    this.clock = clock;
    this.keyFile = keyFile;
    this.journal = journal;
    this.vertx = vertx;
    this.sessions = new SessionBook(clock);
    this.operators =
        new Operators(new AccountsFile(file), sessions, ways.certificates(), clock, journal);
    this.workers = vertx.createSharedWorkerExecutor("muster-access", THREADS);
    this.strangers = new Places(vertx.createSharedWorkerExecutor("muster-strangers", THREADS));
    // Whoever shows a certificate has not shown yet that it is good.
    this.certified = new Places(vertx.createSharedWorkerExecutor("muster-certified", THREADS));
    this.refused = meters.counter("muster.operator.refused");
  }

  /**
   * As long as there is no admin: where the first one chooses a name and a password, as a path
   * below the origin. Each call makes the one before worthless. Blocks.
   */
  public Optional<String> setUpPath() {
    return operators.firstLink().map(AccessRoutes::setUpPath);
  }

  /**
   * Lets through what {@link RouteTable} lets this caller do. To be mounted before the body is
   * read: a stranger's is not.
   */
  public void guard(Router root, String prefix) {
    root.route(prefix + "/*").handler(ctx -> {
      Future<Optional<Caller>> asked = caller(ctx);
      if (asked.isComplete()) {
        asked.onSuccess(caller -> goOn(ctx, caller)).onFailure(ctx::fail);
        return;
      }
      ctx.request().pause();
      asked
          .onSuccess(caller -> {
            ctx.request().resume();
            goOn(ctx, caller);
          })
          .onFailure(ctx::fail);
    });
    // As routes, so that what is checked and what is done go by the same reading of the path.
    RouteTable.ENTRIES.forEach(entry ->
        root.route(entry.method(), prefix + entry.path()).handler(ctx -> admit(ctx, entry)));
    root.route(prefix + "/*").handler(ctx -> {
      if (ctx.get(ADMITTED) != null) {
        ctx.next();
      } else if (find(ctx) == null) {
        refuseStranger(ctx);
      } else {
        ctx.fail(404);
      }
    });
  }

  private void goOn(RoutingContext ctx, Optional<Caller> found) {
    found.ifPresent(caller -> {
      ctx.put(CALLER, caller);
      ctx.put(OperatorRoutes.ACTOR, caller.auditName());
      ctx.put(OperatorRoutes.DECIDES_TRUST, caller.role().includes(Role.OFFICER));
      ctx.put(OperatorRoutes.FLEETS, caller.fleets());
      ctx.put(FleetBroker.FLEETS, caller.fleets());
      BiPredicate<Collection<String>, Collection<String>> areOf = members::areOf;
      ctx.put(FleetBroker.MEMBERS, areOf);
      // Also while nobody signs in by certificate: the setting may come, and find those there are.
      ctx.put(OperatorRoutes.MAKES_OPERATORS, caller.role().includes(Role.ADMIN));
    });
    ctx.next();
  }

  private Future<Optional<Caller>> caller(RoutingContext ctx) {
    Optional<Caller> caller = bySecret(ctx);
    if (caller.isPresent()) {
      Session session = caller.get().session();
      return session != null && session.login() instanceof Login.Certificate login
          ? blocking(() -> caller.filter(one -> operators.isCertified(session, login)))
          : Future.succeededFuture(caller);
    }
    List<X509Certificate> chain = bringsSecret(ctx) || isBrowsers(ctx) ? List.of() : shown(ctx);
    return chain.isEmpty()
        ? Future.succeededFuture(Optional.empty())
        : certified.run(() -> operators.byCertificate(chain));
  }

  private <T> Future<T> blocking(Callable<T> work) {
    return workers.executeBlocking(work, false);
  }

  /**
   * A browser shows its certificate for whichever site it asks. In one, a certificate opens a
   * session, and no more.
   */
  private static boolean isBrowsers(RoutingContext ctx) {
    return ctx.request().getHeader("Sec-Fetch-Site") != null
        || ctx.request().getHeader("Origin") != null;
  }

  /** What the client has shown of itself in TLS; empty if nothing. */
  static List<X509Certificate> shown(RoutingContext ctx) {
    SSLSession tls = ctx.request().connection().sslSession();
    try {
      return tls == null
          ? List.of()
          : Stream.of(tls.getPeerCertificates())
              .map(X509Certificate.class::cast)
              .toList();
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }

  private Optional<Caller> bySecret(RoutingContext ctx) {
    String header = ctx.request().getHeader("Authorization");
    if (header != null) {
      if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
        return Optional.empty();
      }
      String token = header.substring(BEARER.length());
      return keyFile.matches(token) ? Optional.of(Caller.keyHolder()) : operators.byToken(token);
    }
    Cookie cookie = ctx.request().getCookie(AccessRoutes.COOKIE);
    return cookie == null ? Optional.empty() : operators.byCookie(cookie.getValue());
  }

  private void admit(RoutingContext ctx, RouteTable.Entry entry) {
    Caller caller = find(ctx);
    Role least = entry.least().orElse(null);
    if (least == null) {
      refuseOtherSites(ctx);
    } else if (caller == null) {
      refuseStranger(ctx);
      return;
    } else if (!caller.role().includes(least)) {
      refuse(
          ctx,
          caller,
          "role " + caller.role().label() + " (expected: at least " + least.label() + ")");
      return;
    } else if (caller.session() != null && changes(ctx) && !bringsCsrf(ctx, caller.session())) {
      refuse(
          ctx,
          caller,
          AccessRoutes.CSRF_HEADER
              + ": absent or another session's (hint: GET /api/v1/access/session tells it)");
      return;
    }
    if (caller == null || caller.fleets().isEmpty() || entry.limit() == Limit.OWN) {
      letThrough(ctx, entry);
    } else {
      limit(ctx, caller, entry);
    }
  }

  private void letThrough(RoutingContext ctx, RouteTable.Entry entry) {
    ctx.put(ADMITTED, true);
    @Nullable Integer most = STREAMS.get(entry.path());
    // One that has ended already would never be told so.
    if (most != null && !ctx.response().closed()) {
      if (!takePlace(ctx, entry.path(), most)) {
        return;
      }
      endWithItsRight(ctx, entry.least().orElseThrow());
    }
    ctx.next();
  }

  /** Whoever owns the data directory is not counted. */
  private boolean takePlace(RoutingContext ctx, String path, int most) {
    Caller caller = of(ctx);
    if (caller.operator() == null) {
      return true;
    }
    String key = caller.operator() + " " + path;
    if (reading.merge(key, 1, Integer::sum) > most) {
      leave(key);
      ctx.response().putHeader("Retry-After", "10");
      ctx.fail(new HttpException(
          429, most + " are read by you already (expected: at most so many at a time)"));
      return false;
    }
    ctx.addEndHandler(ended -> leave(key));
    return true;
  }

  private void leave(String key) {
    reading.computeIfPresent(key, (same, some) -> some > 1 ? some - 1 : null);
  }

  /** Lets through whoever is limited to some fleets, if what he asks for is of them. */
  private void limit(RoutingContext ctx, Caller caller, RouteTable.Entry entry) {
    List<String> devices = entry.limit() == Limit.DEVICE
        ? List.of(ctx.pathParams().values().iterator().next())
        : ctx.queryParam("device");
    if (entry.limit() == Limit.ALL) {
      refuse(
          ctx,
          caller,
          "fleets: you are limited to " + caller.fleets() + " (expected: an operator of all)");
    } else if (devices.isEmpty() && entry.limit() == Limit.DEVICES) {
      refuse(ctx, caller, "device: missing (expected: of fleets " + caller.fleets() + ")");
    } else if (devices.isEmpty()) {
      letThrough(ctx, entry);
    } else {
      letThroughTo(ctx, caller, entry, devices);
    }
  }

  private void letThroughTo(
      RoutingContext ctx, Caller caller, RouteTable.Entry entry, List<String> devices) {
    ctx.request().pause();
    blocking(() -> members.areOf(caller.fleets(), devices))
        .onSuccess(all -> {
          ctx.request().resume();
          if (all) {
            letThrough(ctx, entry);
          } else {
            note(ctx, caller, "devices of other fleets, or of none");
            ctx.fail(new HttpException(
                404, "device: not all are known (expected: of fleets " + caller.fleets() + ")"));
          }
        })
        .onFailure(ctx::fail);
  }

  /**
   * A stream of values ends when whoever asked for it is signed out, or may do less than before.
   */
  private void endWithItsRight(RoutingContext ctx, Role least) {
    List<String> devices = ctx.queryParam("device");
    Set<String> fleets = Set.copyOf(of(ctx).fleets());
    AtomicInteger unknown = new AtomicInteger();
    long timer = vertx.setPeriodic(LOOK_MS, id -> {
      // What cannot be found out now is looked at again the next time, but not for ever.
      caller(ctx)
          .compose(found -> found.isEmpty()
              ? Future.succeededFuture(false)
              : stillMay(found.get(), least, fleets, devices))
          .onComplete(may -> {
            int failures = may.failed() ? unknown.incrementAndGet() : 0;
            unknown.set(failures);
            if (failures >= MAX_UNKNOWN || may.succeeded() && !may.result()) {
              ctx.response().reset();
            }
          });
    });
    ctx.addEndHandler(ended -> vertx.cancelTimer(timer));
  }

  /** @param fleets that whoever asks was limited to when he began to */
  private Future<Boolean> stillMay(
      Caller caller, Role least, Set<String> fleets, List<String> devices) {
    boolean all = caller.fleets().isEmpty();
    return !caller.role().includes(least) || all || devices.isEmpty()
        ? Future.succeededFuture(
            caller.role().includes(least) && (all || Set.copyOf(caller.fleets()).equals(fleets)))
        : blocking(() -> members.areOf(caller.fleets(), devices));
  }

  private static boolean changes(RoutingContext ctx) {
    return !ctx.request().method().equals(HttpMethod.GET);
  }

  private static boolean bringsCsrf(RoutingContext ctx, Session session) {
    String brought = ctx.request().getHeader(AccessRoutes.CSRF_HEADER);
    return brought != null && Secret.same(brought, session.csrf());
  }

  /**
   * Nobody is to be signed in as somebody else by a page of another site. An old browser does not
   * say where a request comes from; but without asking first, it sends no JSON to another site.
   */
  private static void refuseOtherSites(RoutingContext ctx) {
    String site = ctx.request().getHeader("Sec-Fetch-Site");
    boolean isOther = site == null
        ? ctx.request().getHeader("Origin") != null && changes(ctx) && !isJson(ctx)
        : !site.equals("same-origin") && !site.equals("none");
    if (isOther) {
      throw new HttpException(403, "asked for by another site");
    }
  }

  private static boolean isJson(RoutingContext ctx) {
    String type = ctx.request().getHeader("Content-Type");
    return type != null && type.split(";", 2)[0].strip().equalsIgnoreCase("application/json");
  }

  private static boolean bringsSecret(RoutingContext ctx) {
    return ctx.request().getHeader("Authorization") != null
        || ctx.request().getCookie(AccessRoutes.COOKIE) != null;
  }

  private void refuseStranger(RoutingContext ctx) {
    note(ctx, null, bringsSecret(ctx) ? "wrong token, or over" : "no token");
    ctx.response().putHeader("WWW-Authenticate", "Bearer realm=\"muster\"");
    ctx.fail(
        new HttpException(
            401,
            "a session or a bearer token is needed (hint: the operator's token, or the one in DATA/admin-token)"));
  }

  private void refuse(RoutingContext ctx, Caller caller, String reason) {
    note(ctx, caller, reason);
    ctx.fail(new HttpException(403, reason));
  }

  private void note(RoutingContext ctx, @Nullable Caller caller, String reason) {
    refused.increment();
    LOG.warn(
        "Operator refused from={} who={} path={} reason=\"{}\"",
        OperatorRoutes.from(ctx),
        caller == null ? "stranger" : caller.auditName(),
        Quoted.of(ctx.normalizedPath()),
        reason);
  }

  private static @Nullable Caller find(RoutingContext ctx) {
    return ctx.get(CALLER);
  }

  /** Who asks; there is one wherever a role is needed. */
  static Caller of(RoutingContext ctx) {
    Caller caller = find(ctx);
    if (caller == null) {
      throw new IllegalStateException("nobody was admitted");
    }
    return caller;
  }

  static Actor actor(RoutingContext ctx) {
    return new Actor(of(ctx).auditName(), OperatorRoutes.from(ctx));
  }

  /**
   * Writes down orders to services that keep no audit log, before they are carried out: what the
   * log does not take is not done. To be mounted after the body is read.
   */
  public void audit(Router root, String prefix) {
    RouteTable.ENTRIES.forEach(entry -> entry
        .audit()
        .ifPresent(action ->
            root.route(entry.method(), prefix + entry.path()).handler(ctx -> audit(ctx, action))));
  }

  private void audit(RoutingContext ctx, String action) {
    AuditEvent event = AuditEvent.of(actor(ctx), action, object(ctx));
    workers
        .executeBlocking(() -> {
          journal.note(orders.addTo(event, ctx));
          return null;
        })
        .onSuccess(noted -> ctx.next())
        .onFailure(ctx::fail);
  }

  private static String object(RoutingContext ctx) {
    Map.Entry<String, String> first = ctx.pathParams().entrySet().iterator().next();
    return (first.getKey().equals("id") ? "device" : first.getKey()) + ":" + first.getValue();
  }

  /** Adds the routes about operators, sessions and tokens. */
  public void mount(Router api) {
    ProviderSettings provider = ways.provider();
    JsonObject told = new JsonObject()
        .put("certificate", ways.certificate())
        .put("provider", provider == null ? null : provider.label());
    new AccessRoutes(operators, sessions, new Places(workers), strangers, told).mount(api);
  }

  /** Adds what is no part of the API: the way to a provider and back. */
  public void mountPages(Router root) {
    if (ways.provider() != null) {
      // Places of its own: a provider that hangs keeps nobody from signing in with a password.
      Places places = new Places(vertx.createSharedWorkerExecutor("muster-provider", THREADS));
      new ProviderRoutes(new Provider(ways.provider(), clock), operators, places, clock)
          .mount(root);
    }
  }
}
