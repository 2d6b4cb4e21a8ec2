/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.app.access.Access;
import dev.muster.app.access.TrustedProxies;
import dev.muster.app.dashboard.Dashboard;
import dev.muster.app.openapi.OpenApi;
import dev.muster.broker.ProblemDetails;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.est.ConnectionPatrol;
import dev.muster.enrollment.est.PossessionOnly;
import dev.muster.protocol.tls.TlsProfile;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one origin for operators: TLS, a client certificate asked for only if told to; the API below
 * {@code /api/v1}, which {@link Access} guards, and the dashboard, which is the same for everybody.
 */
final class OperatorServer {
  private static final int MAX_BODY_BYTES = 1 << 20;
  /** Some 200,000 devices, as JSON with tags. */
  private static final int MAX_MANIFEST_BYTES = 32 << 20;

  /**
   * Nothing from elsewhere, nothing inline, and no text becomes markup but by the one library that
   * knows which texts are ours.
   */
  private static final String CONTENT_POLICY = "default-src 'self'; base-uri 'none';"
      + " form-action 'self'; frame-ancestors 'none'; object-src 'none';"
      + " require-trusted-types-for 'script'; trusted-types lit-html";

  /** A thousand devices in a query. */
  private static final int MAX_LINE_BYTES = 80 << 10;

  private static final String API = "/api/v1";

  private final Vertx vertx;
  private final Access access;
  private final TrustedProxies proxies;
  private final Router api;
  /** Read beside all else that starts. */
  private final CompletableFuture<OpenApi> document = CompletableFuture.supplyAsync(OpenApi::load);

  private final SingleKeyManager keys;
  private @Nullable HttpServer server;

  private final @Nullable Supplier<List<X509Certificate>> clients;

  /** @param clients issuers of certificates that clients may show; null for none to be asked for */
  OperatorServer(
      Vertx vertx,
      Access access,
      TrustedProxies proxies,
      ServiceCredential credential,
      @Nullable Supplier<List<X509Certificate>> clients) {
    this.clients = clients;
    this.vertx = vertx;
    this.keys = new SingleKeyManager(credential);
    this.access = access;
    this.proxies = proxies;
    this.api = Router.router(vertx);
    access.mount(api);
  }

  /** Where services mount their routes, before {@link #start}. */
  Router api() {
    return api;
  }

  /** Parameters are in the path and the query, where they are checked; never in a body. */
  private static BodyHandler bodies(long limit) {
    return BodyHandler.create(false).setBodyLimit(limit).setMergeFormAttributes(false);
  }

  /** Starts to listen; blocks until it does. @return the port */
  int start(String host, int port) {
    Router root = Router.router(vertx);
    ConnectionPatrol patrol = new ConnectionPatrol(vertx);
    root.route().handler(ctx -> {
      patrol.expect(ctx.request().connection());
      ctx.next();
    });
    root.route().handler(OperatorServer::secureHeaders);
    root.route().handler(proxies::note);
    // Who asks is checked first: a stranger's body is not even read.
    access.guard(root, API);
    root.post("/api/v1/manufacturers/:name/manifest").handler(bodies(MAX_MANIFEST_BYTES));
    root.route("/api/v1/*").handler(bodies(MAX_BODY_BYTES));
    // The request is complete; its answer may take as long as somebody reads it.
    for (String area : List.of("telemetry", "export")) {
      root.get(API + "/" + area + "/*").handler(ctx -> {
        HttpConnection connection = ctx.request().connection();
        patrol.leaveAlone(connection);
        ctx.addEndHandler(ended -> {
          if (ended.succeeded()) {
            patrol.expect(connection);
          }
        });
        ctx.next();
      });
    }
    document.join().check(root, API);
    document.join().mount(api);
    access.audit(root, API);
    root.route("/api/v1/*").subRouter(api);
    access.mountPages(root);
    Dashboard.load().mount(root);
    HttpServerOptions options = new HttpServerOptions()
        .setHost(host)
        .setPort(port)
        .setSsl(true)
        .setEnabledSecureTransportProtocols(Set.copyOf(TlsProfile.PROTOCOLS))
        .setKeyCertOptions(KeyCertOptions.wrap(keys))
        .setTcpNoDelay(true)
        .setMaxInitialLineLength(MAX_LINE_BYTES)
        .setIdleTimeout(60)
        .setIdleTimeoutUnit(TimeUnit.SECONDS)
        .setHandle100ContinueAutomatically(true);
    if (clients != null) {
      // Whether it is any good is decided for each request, where it can be said.
      options
          .setClientAuth(ClientAuth.REQUEST)
          .setTrustOptions(TrustOptions.wrap(new PossessionOnly(clients)));
    }
    server = vertx
        .createHttpServer(options)
        .connectionHandler(patrol::watch)
        .requestHandler(ProblemDetails.handling(root));
    return Blocking.await(server.listen(), "operator API on " + host + ":" + port)
        .actualPort();
  }

  private static void secureHeaders(RoutingContext ctx) {
    ctx.response()
        .putHeader("Strict-Transport-Security", "max-age=31536000")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Cache-Control", "no-store")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin")
        .putHeader("Content-Security-Policy", CONTENT_POLICY);
    ctx.next();
  }

  /** Shows another certificate from the next connection on. */
  void use(ServiceCredential credential) {
    keys.use(credential);
  }

  /** Stops listening; blocks until it is done. */
  void stop() {
    if (server != null) {
      Blocking.await(server.close(), "closing the operator API");
    }
  }
}
