/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.protocol.identity.Quoted;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the operator API says no, wherever it is served: problem details (RFC 9457). A database that
 * does not work is told as 503; what was not expected is logged here and told as a plain 500. Each
 * 503 says when to ask again (RFC 9110, 15.6.4).
 */
public final class ProblemDetails {
  private static final Logger LOG = LoggerFactory.getLogger(ProblemDetails.class);
  private static final String RETRY_SECONDS = "10";

  private ProblemDetails() {}

  /** Fails a request that may well be answered a little later. */
  static void failForNow(RoutingContext ctx, String detail) {
    ctx.fail(new HttpException(503, detail));
  }

  /** What a server is to do with requests; answers all that {@code root} has failed. */
  public static Handler<HttpServerRequest> handling(Router root) {
    root.route().handler(ctx -> ctx.fail(404));
    root.route().failureHandler(ProblemDetails::answer);
    return request -> {
      if (!isDecodable(() -> QueryStringDecoder.decodeComponent(String.valueOf(request.path())))) {
        answer(
            request.response(), 400, "path: not percent-encoded (expected: % and two hex digits)");
      } else if (!isDecodable(() -> new QueryStringDecoder(request.uri()).parameters())) {
        answer(
            request.response(), 400, "query: not percent-encoded (expected: % and two hex digits)");
      } else {
        root.handle(request);
      }
    };
  }

  /** What cannot be decoded would be logged later with a stack, for whoever asks. */
  private static boolean isDecodable(Runnable decode) {
    try {
      decode.run();
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static void answer(RoutingContext ctx) {
    int status = ctx.statusCode();
    String detail = null;
    if (ctx.failure() instanceof HttpException expected) {
      status = expected.getStatusCode();
      detail = expected.getPayload();
    } else if (TelemetryDatabase.isOutOfOrder(ctx.failure())) {
      LOG.warn(
          "Operator request not answered: the database does not work method={} path={} error={}",
          ctx.request().method(),
          Quoted.of(ctx.normalizedPath()),
          ctx.failure().toString());
      status = 503;
      detail = "the database does not work now (expected: try again later; the server's log says"
          + " more)";
    } else if (ctx.failure() != null && status == 500) {
      LOG.error(
          "Operator request failed method={} path={}",
          ctx.request().method(),
          Quoted.of(ctx.normalizedPath()),
          ctx.failure());
      detail = "unexpected; the server's log says more";
    }
    if (ctx.response().headWritten()) {
      ctx.response().reset();
      return;
    }
    answer(ctx.response(), status, detail);
  }

  private static void answer(HttpServerResponse response, int status, @Nullable String detail) {
    JsonObject problem = new JsonObject()
        .put("type", "about:blank")
        .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
        .put("status", status);
    if (detail != null) {
      problem.put("detail", detail);
    }
    if (status == 503 && !response.headers().contains("Retry-After")) {
      response.putHeader("Retry-After", RETRY_SECONDS);
    }
    response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/problem+json")
        .end(problem.toBuffer());
  }
}
