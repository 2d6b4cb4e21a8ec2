/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.desk.EnrollmentOutcome;
import dev.muster.enrollment.renewal.RenewalInfo;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** An HTTP answer; the only place where outcomes become status codes (RFC 7030, 4.2.3). */
record EstAnswer(int status, Map<String, String> headers, Buffer body) {
  private static final String CONTENT_TYPE = "Content-Type";
  private static final String BOUNDARY = "muster-est-part";
  private static final int BUSY_RETRY_SECONDS = 2;

  /** Where a line of base64 is broken: nothing else that we send has so long a run of these. */
  private static final Pattern LINE = Pattern.compile("[A-Za-z0-9+/=]{64}(?=[A-Za-z0-9+/=])");

  EstAnswer {
    headers = Map.copyOf(headers);
  }

  /**
   * The same with base64 in lines of 64 (RFC 2045, 6.8). OpenSSL's decoder, and so libest, finds
   * nothing in a line of more than a kilobyte; strongSwan and {@code openssl base64 -A}, on the
   * other hand, find nothing in several lines.
   */
  EstAnswer inLines() {
    return status == 200
        ? new EstAnswer(
            status, headers, Buffer.buffer(LINE.matcher(body.toString()).replaceAll("$0\r\n")))
        : this;
  }

  static EstAnswer of(EnrollmentOutcome outcome) {
    if (outcome instanceof EnrollmentOutcome.Issued issued) {
      return encoded(
          EstMediaType.CERTS_ONLY, EstMessages.certsOnly(issued.issued().der()));
    }
    if (outcome instanceof EnrollmentOutcome.Generated generated) {
      return multipart(
          generated.key().isEncrypted() ? EstMediaType.SERVER_GENERATED_KEY : EstMediaType.PKCS8,
          generated.key().der(),
          EstMessages.certsOnly(List.of(generated.certificate())));
    }
    if (outcome instanceof EnrollmentOutcome.Deferred deferred) {
      return deferred(deferred.retryAfter().toSeconds());
    }
    if (outcome instanceof EnrollmentOutcome.Slowed slowed) {
      return later(429, slowed.retryAfter().toSeconds(), slowed.detail());
    }
    if (outcome instanceof EnrollmentOutcome.Refused refused) {
      return switch (refused.kind()) {
        case UNAUTHENTICATED -> unauthenticated(refused.detail());
        case FORBIDDEN -> text(403, refused.detail());
        case BAD_REQUEST -> text(400, refused.detail());
        case TOO_MANY -> later(429, 60, refused.detail());
        case UNAVAILABLE -> later(503, 30, refused.detail());
      };
    }
    throw new IllegalStateException("unknown outcome: " + outcome);
  }

  static EstAnswer of(EstOperations.Failure failure) {
    return switch (failure) {
      case UNAVAILABLE -> later(503, BUSY_RETRY_SECONDS, "busy, try again later");
      case DEFECT -> text(500, "internal error");
    };
  }

  static EstAnswer encoded(String mediaType, byte[] der) {
    // BouncyCastle's client insists on the transfer encoding that RFC 8951 made meaningless.
    return new EstAnswer(
        200,
        Map.of(CONTENT_TYPE, mediaType, "Content-Transfer-Encoding", "base64"),
        Buffer.buffer(EstBase64.encode(der)));
  }

  static EstAnswer of(RenewalInfo.Advice advice) {
    JsonObject window = new JsonObject()
        .put("start", time(advice.window().start()))
        .put("end", time(advice.window().end()));
    return new EstAnswer(
        200,
        Map.of(
            CONTENT_TYPE,
            EstOperation.RENEWAL_INFO.responseType(),
            "Retry-After",
            Long.toString(advice.askAgain().toSeconds())),
        new JsonObject().put("suggestedWindow", window).toBuffer());
  }

  private static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** A key and its certificate (RFC 7030, 4.4.2). Base64 holds no boundary that begins with "-". */
  private static EstAnswer multipart(String keyType, byte[] key, byte[] certificates) {
    Buffer body = Buffer.buffer();
    part(body, keyType, key);
    part(body, EstMediaType.CERTS_ONLY, certificates);
    body.appendString("--" + BOUNDARY + "--\r\n");
    return new EstAnswer(
        200, Map.of(CONTENT_TYPE, EstMediaType.MULTIPART + "; boundary=" + BOUNDARY), body);
  }

  private static void part(Buffer body, String type, byte[] der) {
    body.appendString("--" + BOUNDARY + "\r\nContent-Type: " + type
        + "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    body.appendBytes(EstBase64.encode(der));
    body.appendString("\r\n");
  }

  static EstAnswer text(int status, String text) {
    return new EstAnswer(
        status, Map.of(CONTENT_TYPE, "text/plain; charset=utf-8"), Buffer.buffer(text + "\n"));
  }

  /**
   * To a client of full CMC this says that there is no such service here (RFC 7030, 4.3.2); with
   * nothing in CMC, for no request was looked at.
   */
  static EstAnswer notImplemented() {
    return text(501, "fullcmc: not implemented (expected: simpleenroll or simplereenroll)");
  }

  /** Whoever has no certificate may try a claim token (RFC 7030, 3.2.3; RFC 9110, 11.6.1). */
  static EstAnswer unauthenticated(String text) {
    return new EstAnswer(
        401,
        Map.of(
            CONTENT_TYPE,
            "text/plain; charset=utf-8",
            "WWW-Authenticate",
            "Basic realm=\"estrealm\""),
        Buffer.buffer(text + "\n"));
  }

  static EstAnswer notAllowed(String allowed) {
    return new EstAnswer(
        405,
        Map.of(CONTENT_TYPE, "text/plain; charset=utf-8", "Allow", allowed),
        Buffer.buffer("method: not allowed (expected: " + allowed + ")\n"));
  }

  /**
   * Ask again with the same request (RFC 7030, 4.2.3). Without a body: BouncyCastle's client takes
   * one that it has not read for a broken connection.
   */
  private static EstAnswer deferred(long seconds) {
    return new EstAnswer(
        202, Map.of("Retry-After", Long.toString(Math.max(1, seconds))), Buffer.buffer());
  }

  private static EstAnswer later(int status, long seconds, String text) {
    return new EstAnswer(
        status,
        Map.of(
            CONTENT_TYPE,
            "text/plain; charset=utf-8",
            "Retry-After",
            Long.toString(Math.max(1, seconds))),
        Buffer.buffer(text + "\n"));
  }
}
