/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import dev.muster.enrollment.est.ConnectionPatrol;
import dev.muster.enrollment.est.HttpDates;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes requests to pages, and answers back. Belongs to one event loop. */
final class WebRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(WebRoutes.class);
  private static final int MAX_BODY = 16 * 1024;
  private static final long BODY_TIMEOUT_MS = 10_000;
  private static final long LINGER_MS = 2_000;

  private final Vertx vertx;
  private final List<WebFeature> features;
  private final Clock clock;
  private final ConnectionPatrol patrol;

  WebRoutes(Vertx vertx, List<WebFeature> features, Clock clock, ConnectionPatrol patrol) {
    this.vertx = vertx;
    this.features = features;
    this.clock = clock;
    this.patrol = patrol;
  }

  void handle(HttpServerRequest request) {
    String path = request.path();
    Optional<WebPage> page = path == null
        ? Optional.empty()
        : features.stream().flatMap(feature -> feature.find(path).stream()).findFirst();
    if (page.isEmpty()) {
      send(request, WebAnswer.text(404, "path: not found"));
    } else if (!page.get().method().allows(request.method().name())) {
      String allow = page.get().method().allow();
      request.response().putHeader("Allow", allow);
      send(request, WebAnswer.text(405, "method: not allowed (expected: " + allow + ")"));
    } else if (page.get().method() == WebPage.Method.POST) {
      readBody(request, page.get());
    } else {
      answer(request, page.get(), Buffer.buffer());
    }
  }

  private void readBody(HttpServerRequest request, WebPage page) {
    if (!mediaType(request).equals(page.consumes())) {
      sendAndClose(request, WebAnswer.text(415, "Content-Type: expected " + page.consumes()));
      return;
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      request.response().writeContinue();
    }
    Buffer body = Buffer.buffer();
    long timer = vertx.setTimer(
        BODY_TIMEOUT_MS,
        id -> sendAndClose(request, WebAnswer.text(408, "body: did not come in time")));
    request.exceptionHandler(gone -> vertx.cancelTimer(timer));
    request.handler(chunk -> {
      body.appendBuffer(chunk);
      if (body.length() > MAX_BODY && !request.response().ended()) {
        vertx.cancelTimer(timer);
        sendAndClose(
            request,
            WebAnswer.text(413, "body: too large (expected: at most " + MAX_BODY + " bytes)"));
      }
    });
    request.endHandler(end -> {
      vertx.cancelTimer(timer);
      if (!request.response().ended()) {
        answer(request, page, body);
      }
    });
  }

  private static String mediaType(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private void answer(HttpServerRequest request, WebPage page, Buffer body) {
    patrol.leaveAlone(request.connection());
    Context context = vertx.getOrCreateContext();
    page.answer()
        .apply(body)
        .onComplete(answer -> context.runOnContext(back -> send(request, answer)), e -> {
          LOG.error("Request failed path={}", request.path(), e);
          context.runOnContext(back -> send(request, WebAnswer.text(500, "internal error")));
        });
  }

  /** The sender may still be sending: closing at once could cost it the answer (RFC 9112, 9.6). */
  private void sendAndClose(HttpServerRequest request, WebAnswer answer) {
    request.response().putHeader("Connection", "close");
    request.handler(discarded -> {});
    send(request, answer);
    vertx.setTimer(LINGER_MS, id -> request.connection().close());
  }

  private void send(HttpServerRequest request, WebAnswer answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    // Before the answer, with whose end the next request may begin.
    patrol.expect(request.connection());
    response.putHeader("Date", HttpDates.format(clock.instant()));
    WebAnswer.@Nullable Freshness freshness = answer.freshness();
    if (freshness == null) {
      response.putHeader("Cache-Control", "no-store");
    } else {
      response
          .putHeader("ETag", '"' + freshness.tag() + '"')
          .putHeader("Last-Modified", HttpDates.format(freshness.lastModified()))
          .putHeader("Expires", HttpDates.format(freshness.expires()))
          .putHeader(
              "Cache-Control",
              "public, max-age=" + freshness.maxAge().toSeconds()
                  + ", no-transform, must-revalidate");
    }
    if (freshness != null && isKnown(request, freshness)) {
      response.setStatusCode(304).end();
    } else {
      sendBody(request, response, answer);
    }
  }

  private static void sendBody(
      HttpServerRequest request, HttpServerResponse response, WebAnswer answer) {
    response
        .setStatusCode(answer.status())
        .putHeader("Content-Type", answer.contentType())
        .putHeader("Content-Length", Integer.toString(answer.body().length()));
    if (request.method().name().equals("HEAD")) {
      response.end();
    } else {
      response.end(answer.body());
    }
  }

  /** Whether the asker is known to have that answer already (RFC 9110, 13.1). */
  private static boolean isKnown(HttpServerRequest request, WebAnswer.Freshness freshness) {
    if (request.method().name().equals("POST")) {
      return false;
    }
    String tags = request.getHeader(HttpHeaders.IF_NONE_MATCH);
    if (tags != null) {
      return tags.strip().equals("*") || tags.contains('"' + freshness.tag() + '"');
    }
    String since = request.getHeader(HttpHeaders.IF_MODIFIED_SINCE);
    return since != null
        && freshness.byDate()
        && HttpDates.parse(since)
            .map(known -> !freshness.lastModified().isAfter(known))
            .orElse(false);
  }
}
