/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import dev.muster.broker.ProblemDetails;
import dev.muster.broker.StartFailedException;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.tls.TlsProfile;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.io.UncheckedIOException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator API: TLS, no client certificate, a bearer token for everything. Errors are problem
 * details (RFC 9457). Vert.x closes it.
 */
final class OperatorListener {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorListener.class);
  private static final int MAX_BODY_BYTES = 1 << 20;
  /** A thousand devices in a query. */
  private static final int MAX_LINE_BYTES = 80 << 10;

  private static final Set<String> PROTOCOLS = Set.copyOf(TlsProfile.PROTOCOLS);
  private static final long START_SECONDS = 10;

  private final OperatorConfig config;
  private final Supplier<List<String>> problems;
  private final OperatorToken token;
  private final Router api;
  private final HttpServer server;
  private volatile Shown shown;

  private OperatorListener(Vertx vertx, OperatorConfig config, Supplier<List<String>> problems) {
    this.config = config;
    this.problems = problems;
    this.token = OperatorToken.of(config.token());
    this.api = Router.router(vertx);
    api.get("/health").handler(this::health);
    this.shown = read(config);
    this.server = vertx
        .createHttpServer(new HttpServerOptions()
            .setHost(config.host())
            .setPort(config.port())
            .setSsl(true)
            .setEnabledSecureTransportProtocols(PROTOCOLS)
            .setKeyCertOptions(shown.options())
            .setMaxInitialLineLength(MAX_LINE_BYTES)
            .setIdleTimeout(60)
            .setIdleTimeoutUnit(TimeUnit.SECONDS))
        .requestHandler(ProblemDetails.handling(router(vertx)));
  }

  /** Starts to listen; blocks until it does. @throws StartFailedException if it cannot */
  static OperatorListener start(
      Vertx vertx, OperatorConfig config, Supplier<List<String>> problems) {
    OperatorListener listener;
    try {
      listener = new OperatorListener(vertx, config, problems);
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new StartFailedException("operator API: " + e.getMessage(), e);
    }
    try {
      int port = listener.server.listen().await(START_SECONDS, TimeUnit.SECONDS).actualPort();
      LOG.info("Operator API ready host={} port={}", config.host(), port);
      return listener;
    } catch (Exception e) {
      throw new StartFailedException(
          "operator API: cannot listen on " + config.host() + ":" + config.port() + ": "
              + e.getMessage(),
          e);
    }
  }

  /** Where routes are mounted. */
  Router api() {
    return api;
  }

  private Router router(Vertx vertx) {
    Router root = Router.router(vertx);
    root.route("/api/v1/*").handler(this::authenticate);
    root.route("/api/v1/*").handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
    root.route("/api/v1/*").subRouter(api);
    return root;
  }

  private void authenticate(RoutingContext ctx) {
    ctx.response().putHeader("Cache-Control", "no-store");
    String header = ctx.request().getHeader("Authorization");
    if (header != null && token.isIn(header)) {
      ctx.next();
      return;
    }
    LOG.warn(
        "Operator refused from={} path={}",
        ctx.request().remoteAddress(),
        Quoted.of(ctx.normalizedPath()));
    ctx.response().putHeader("WWW-Authenticate", "Bearer realm=\"muster\"");
    ctx.fail(new HttpException(401, "a bearer token is needed"));
  }

  private void health(RoutingContext ctx) {
    List<String> found = problems.get();
    ctx.json(new JsonObject()
        .put("status", found.isEmpty() ? "well" : "impaired")
        .put("problems", new JsonArray(found)));
  }

  /** Shows another certificate from the next connection on, if the files hold one. */
  void look() {
    try {
      Shown now = read(config);
      if (now.equals(shown)) {
        return;
      }
      ServerSSLOptions options = new ServerSSLOptions();
      options.setEnabledSecureTransportProtocols(PROTOCOLS);
      options.setKeyCertOptions(now.options());
      server
          .updateSSLOptions(options)
          .onFailure(e -> LOG.warn("Operator API keeps its certificate reason={}", e.getMessage()))
          .onSuccess(done -> {
            shown = now;
            LOG.info("Operator API shows another certificate");
          });
    } catch (IllegalArgumentException | UncheckedIOException e) {
      // While the files are replaced; what was shown is shown on.
      LOG.debug("Operator API keeps its certificate reason={}", e.getMessage());
    }
  }

  /** What the files hold, as read once. */
  private record Shown(String key, String chain) {
    PemKeyCertOptions options() {
      return new PemKeyCertOptions()
          .addKeyValue(Buffer.buffer(key))
          .addCertValue(Buffer.buffer(chain));
    }

    @Override
    public String toString() {
      return "key and chain";
    }
  }

  private static Shown read(OperatorConfig config) {
    PrivateKey key = PemFile.privateKey(config.key());
    List<X509Certificate> chain = PemFile.certificates(config.chain());
    if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new IllegalArgumentException(config.key() + ": not the key of the certificate in "
          + config.chain() + " (expected: key and certificate made together)");
    }
    return new Shown(Pem.of(key), Pem.of(chain));
  }
}
