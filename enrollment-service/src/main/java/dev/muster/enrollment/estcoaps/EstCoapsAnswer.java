/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import dev.muster.coap.Diagnostics;
import dev.muster.enrollment.desk.EnrollmentOutcome;
import dev.muster.enrollment.est.EstMessages;
import dev.muster.enrollment.est.EstOperations;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;

/**
 * A CoAP answer; the only place where outcomes become response codes (RFC 9148, 4.5).
 *
 * @param format the Content-Format; null for a diagnostic (RFC 7252, 5.5.2)
 * @param maxAge when it makes sense to ask again; null if that is not to be said
 */
record EstCoapsAnswer(
    ResponseCode code,
    @Nullable Integer format,
    byte[] payload,
    @Nullable Duration maxAge) {
  private static final Duration BUSY = Duration.ofSeconds(2);
  private static final Duration MANY = Duration.ofSeconds(60);
  private static final Duration SILENT = Duration.ofSeconds(30);

  /**
   * @param resource that was asked
   * @param format that it is wanted in
   */
  static EstCoapsAnswer of(EnrollmentOutcome outcome, EstCoapsResource resource, int format) {
    if (outcome instanceof EnrollmentOutcome.Issued issued) {
      return changed(format, certificate(issued.certificate(), format));
    }
    if (outcome instanceof EnrollmentOutcome.Generated generated) {
      int inside =
          resource == EstCoapsResource.SKC ? ContentFormat.CERTIFICATE : ContentFormat.CERTS_ONLY;
      return changed(
          ContentFormat.MULTIPART,
          Multipart.of(
              generated.key().isEncrypted()
                  ? ContentFormat.SERVER_GENERATED_KEY
                  : ContentFormat.PKCS8,
              generated.key().der(),
              inside,
              certificate(generated.certificate(), inside)));
    }
    if (outcome instanceof EnrollmentOutcome.Deferred deferred) {
      return later(
          ResponseCode.SERVICE_UNAVAILABLE,
          deferred.retryAfter(),
          "waits for approval; ask again with the same request");
    }
    if (outcome instanceof EnrollmentOutcome.Slowed slowed) {
      return later(ResponseCode.TOO_MANY_REQUESTS, slowed.retryAfter(), slowed.detail());
    }
    if (outcome instanceof EnrollmentOutcome.Refused refused) {
      return of(refused);
    }
    throw new IllegalStateException("unknown outcome: " + outcome);
  }

  static EstCoapsAnswer of(EnrollmentOutcome.Refused refused) {
    return switch (refused.kind()) {
      case UNAUTHENTICATED -> diagnostic(ResponseCode.UNAUTHORIZED, refused.detail());
      case FORBIDDEN -> diagnostic(ResponseCode.FORBIDDEN, refused.detail());
      case BAD_REQUEST -> diagnostic(ResponseCode.BAD_REQUEST, refused.detail());
      case TOO_MANY -> later(ResponseCode.TOO_MANY_REQUESTS, MANY, refused.detail());
      case UNAVAILABLE -> later(ResponseCode.SERVICE_UNAVAILABLE, SILENT, refused.detail());
    };
  }

  static EstCoapsAnswer of(EstOperations.Failure failure) {
    return switch (failure) {
      case UNAVAILABLE -> later(ResponseCode.SERVICE_UNAVAILABLE, BUSY, "busy, try again later");
      case DEFECT -> diagnostic(ResponseCode.INTERNAL_SERVER_ERROR, "internal error");
    };
  }

  static EstCoapsAnswer content(int format, byte[] payload) {
    return new EstCoapsAnswer(ResponseCode.CONTENT, format, payload, null);
  }

  private static EstCoapsAnswer changed(int format, byte[] payload) {
    return new EstCoapsAnswer(ResponseCode.CHANGED, format, payload, null);
  }

  /** The certificate alone, or as the only one of a certs-only message. */
  static byte[] certificate(X509Certificate certificate, int format) {
    if (format == ContentFormat.CERTS_ONLY) {
      return EstMessages.certsOnly(List.of(certificate));
    }
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("cannot encode a certificate", e);
    }
  }

  static EstCoapsAnswer diagnostic(ResponseCode code, String text) {
    return new EstCoapsAnswer(code, null, Diagnostics.text(text), null);
  }

  private static EstCoapsAnswer later(ResponseCode code, Duration maxAge, String text) {
    return new EstCoapsAnswer(code, null, Diagnostics.text(text), maxAge);
  }

  Response toResponse() {
    Response response = new Response(code);
    response.setPayload(payload);
    if (format != null) {
      response.getOptions().setContentFormat(format);
    }
    if (code == ResponseCode.REQUEST_ENTITY_TOO_LARGE) {
      response.getOptions().setSize1(EstOperations.MAX_CSR); // RFC 7959, 2.9.3
    }
    if (maxAge != null) {
      response.getOptions().setMaxAge(Diagnostics.seconds(maxAge));
    }
    return response;
  }
}
