/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.desk.Caller;
import dev.muster.enrollment.desk.ClaimToken;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.renewal.RenewalInfo;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.log.Sparingly;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the requests of one event loop; the work is done elsewhere. */
final class EstRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(EstRoutes.class);

  /** An encoded request, with line ends; far more than any honest one. */
  static final int MAX_BODY = 16 * 1024;

  /** How libest begins its {@code User-Agent}, its version follows. */
  private static final String LIBEST = "libest";

  private static final long BODY_TIMEOUT_MS = 10_000;
  private static final long LINGER_MS = 2_000;

  private final Vertx vertx;
  private final EstOperations operations;
  private final RenewalInfo renewals;
  private final MeterRegistry meters;
  private final Clock clock;
  private final ConnectionPatrol patrol;
  private final boolean linkable;
  private final Sparingly refusals = new Sparingly(System::nanoTime);

  EstRoutes(Vertx vertx, EstServer.Parts parts) {
    this.vertx = vertx;
    this.operations = parts.operations();
    this.renewals = parts.renewals();
    this.meters = parts.meters();
    this.clock = parts.clock();
    this.linkable = parts.tls().tellsBindings();
    this.patrol = new ConnectionPatrol(vertx);
  }

  ConnectionPatrol patrol() {
    return patrol;
  }

  void handle(HttpServerRequest request) {
    if (EstConnection.of(request).isEnding()) {
      return;
    }
    // Devices without a battery learn from it what time it is.
    request.response().putHeader("Date", HttpDates.format(clock.instant()));
    if (lacksHost(request)) {
      answerAndClose(
          request, "none", EstAnswer.text(400, "Host: absent or several (expected: one)"));
      return;
    }
    Optional<EstPath> path = EstPath.parse(request.path());
    Optional<Label> label = path.flatMap(found -> operations.label(found.label()));
    if (path.isEmpty() || label.isEmpty() || !operations.offers(path.get().operation())) {
      answer(request, "none", EstAnswer.text(404, "path: not found"));
      return;
    }
    EstOperation operation = path.get().operation();
    String method = request.method().name();
    boolean head = operation.method().equals("GET") && method.equals("HEAD");
    if (!head && !method.equals(operation.method())) {
      String allowed = operation.method().equals("GET") ? "GET, HEAD" : "POST";
      answer(request, operation.segment(), EstAnswer.notAllowed(allowed));
      return;
    }
    switch (operation) {
      case CA_CERTS ->
        answer(
            request,
            operation.segment(),
            EstAnswer.encoded(EstMediaType.CERTS_ONLY, operations.caCertificates()));
      case CSR_ATTRS ->
        answer(
            request,
            operation.segment(),
            EstAnswer.encoded(
                EstMediaType.CSR_ATTRS, operations.csrAttributes(label.get(), linkable)));
      case RENEWAL_INFO -> work(request, operation, () -> renewalInfo(path.get().argument()));
      case FULL_CMC -> answerAndClose(request, operation.segment(), EstAnswer.notImplemented());
      default -> readBody(request, operation, label.get());
    }
  }

  /** RFC 9112, 3.2. */
  private static boolean lacksHost(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_1_1
        && request.headers().getAll(HttpHeaders.HOST).size() != 1;
  }

  /** Answers what is no HTTP request, or has too long a head. */
  void refuseUnreadable(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    EstAnswer answer;
    if (cause instanceof TooLongHttpLineException) {
      answer = EstAnswer.text(414, "request line: too long (expected: at most 2 KB)");
    } else if (cause instanceof TooLongHttpHeaderException) {
      answer = EstAnswer.text(431, "headers: too long (expected: at most 8 KB)");
    } else {
      answer = EstAnswer.text(400, "request: cannot be read (expected: HTTP/1.1, RFC 9112)");
    }
    answerAndClose(request, "none", answer);
  }

  private void readBody(HttpServerRequest request, EstOperation wanted, Label label) {
    String operation = wanted.segment();
    Optional<EstAnswer> refusal = refusedByHeaders(request);
    if (refusal.isPresent()) {
      answerAndClose(request, operation, refusal.get());
      return;
    }
    Optional<ClaimToken> claim;
    try {
      claim = BasicCredentials.parse(request.getHeader(HttpHeaders.AUTHORIZATION));
    } catch (IllegalArgumentException e) {
      answerAndClose(request, operation, EstAnswer.unauthenticated(String.valueOf(e.getMessage())));
      return;
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      request.response().writeContinue();
    }
    Buffer body = Buffer.buffer();
    long timer = vertx.setTimer(
        BODY_TIMEOUT_MS,
        id ->
            answerAndClose(request, operation, EstAnswer.text(408, "body: did not come in time")));
    request.exceptionHandler(gone -> vertx.cancelTimer(timer));
    request.handler(chunk -> {
      body.appendBuffer(chunk);
      if (body.length() > MAX_BODY && !request.response().ended()) {
        vertx.cancelTimer(timer);
        answerAndClose(request, operation, tooLarge());
      }
    });
    request.endHandler(end -> {
      vertx.cancelTimer(timer);
      if (!request.response().ended()) {
        Caller caller = EstConnection.of(request).caller().with(claim.orElse(null));
        work(request, wanted, () -> enroll(wanted, label, caller, body.getBytes()));
      }
    });
  }

  private static Optional<EstAnswer> refusedByHeaders(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length == null && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
      return Optional.of(
          EstAnswer.text(411, "Content-Length: absent (expected: the body's length)"));
    }
    if (length != null && (length.length() > 9 || Long.parseLong(length) > MAX_BODY)) {
      return Optional.of(tooLarge());
    }
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    String essence = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return essence.equals(EstMediaType.PKCS10)
        ? Optional.empty()
        : Optional.of(EstAnswer.text(415, "Content-Type: expected " + EstMediaType.PKCS10));
  }

  private static EstAnswer tooLarge() {
    return EstAnswer.text(413, "body: too large (expected: at most " + MAX_BODY + " bytes)");
  }

  private void work(HttpServerRequest request, EstOperation wanted, Supplier<EstAnswer> task) {
    patrol.leaveAlone(request.connection());
    Context context = vertx.getOrCreateContext();
    operations.work(
        wanted,
        EstConnection.of(request).caller(),
        task,
        EstAnswer::of,
        result -> context.runOnContext(back -> conclude(request, wanted.segment(), result)));
  }

  private EstAnswer enroll(EstOperation wanted, Label label, Caller caller, byte[] body) {
    byte[] csr;
    try {
      csr = EstBase64.decode(body);
    } catch (IllegalArgumentException e) {
      return EstAnswer.text(400, String.valueOf(e.getMessage()));
    }
    return EstAnswer.of(operations.enroll(wanted, label, caller, csr));
  }

  private EstAnswer renewalInfo(String certificate) {
    CertificateId id;
    try {
      id = CertificateId.parse(certificate);
    } catch (IllegalArgumentException e) {
      return EstAnswer.text(400, String.valueOf(e.getMessage()));
    }
    return renewals
        .of(id)
        .map(EstAnswer::of)
        .orElseGet(() -> EstAnswer.text(404, "certificate: not one of ours"));
  }

  /** A connection serves one request that is linked to it, and nothing after (RFC 9266, 4.1). */
  private void conclude(HttpServerRequest request, String operation, EstAnswer result) {
    if (EstConnection.of(request).caller().binding().isSpent()) {
      answerAndClose(request, operation, result);
    } else {
      answer(request, operation, result);
    }
  }

  private void answer(HttpServerRequest request, String operation, EstAnswer answer) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    account(request, operation, answer);
    // Before the answer, with whose end the next request may begin.
    patrol.expect(request.connection());
    send(request, answer);
  }

  /**
   * Answers for the last time. A sender that is still sending is heard out for a while: closing at
   * once could cost it the answer (RFC 9112, 9.6).
   */
  private void answerAndClose(HttpServerRequest request, String operation, EstAnswer answer) {
    if (request.response().ended() || request.response().closed()) {
      return;
    }
    account(request, operation, answer);
    request.response().putHeader("Connection", "close");
    EstConnection.of(request).end();
    if (request.isEnded()) {
      send(request, answer).onComplete(sent -> request.connection().close());
    } else {
      request.handler(discarded -> {});
      send(request, answer);
      vertx.setTimer(LINGER_MS, id -> request.connection().close());
    }
  }

  private static Future<Void> send(HttpServerRequest request, EstAnswer given) {
    EstAnswer answer = readsLinesOnly(request) ? given.inLines() : given;
    HttpServerResponse response = request.response().setStatusCode(answer.status());
    // Header names in their canonical case: some clients compare them byte by byte.
    answer.headers().forEach(response::putHeader);
    if (isChallenge(request, answer)) {
      response.setChunked(true);
    } else {
      response.putHeader("Content-Length", Integer.toString(answer.body().length()));
    }
    return request.method().name().equals("HEAD") ? response.end() : response.end(answer.body());
  }

  /**
   * Without a length: BouncyCastle's client reads of a challenge no more than its head, and takes a
   * body of a known length that it has not read for a broken connection. Libest wants a length.
   */
  private static boolean isChallenge(HttpServerRequest request, EstAnswer answer) {
    return answer.status() == 401
        && request.version() == HttpVersion.HTTP_1_1
        && !readsLinesOnly(request);
  }

  private static boolean readsLinesOnly(HttpServerRequest request) {
    String agent = request.getHeader(HttpHeaders.USER_AGENT);
    return agent != null && agent.regionMatches(true, 0, LIBEST, 0, LIBEST.length());
  }

  /**
   * Counts the answer; a refusal is told with where it came from, which nobody further in knows.
   */
  private void account(HttpServerRequest request, String operation, EstAnswer answer) {
    meters
        .counter("muster.est.requests", "operation", operation, "status", "" + answer.status())
        .increment();
    if (answer.status() >= 400) {
      refusals.say(others -> LOG.info(
          "EST request refused from={} operation={} status={} others={}",
          request.remoteAddress(),
          operation,
          answer.status(),
          others));
    }
  }
}
