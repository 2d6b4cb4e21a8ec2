/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.protocol.est.EstOperation;
import java.time.Duration;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;

/** EST in CoAP's words: short names, formats (RFC 9148, 4.1 and 4.3), and what answers mean. */
final class EstAnswers {
  static final int PKCS10 = 286;
  private static final int CERTS_ONLY = 281;
  private static final int CSR_ATTRS = 285;

  private static final long LONGEST_WAIT_SECONDS = 3_600;

  private EstAnswers() {}

  static String segmentOf(EstOperation operation) {
    return switch (operation) {
      case CA_CERTS -> "crts";
      case CSR_ATTRS -> "att";
      case SIMPLE_ENROLL -> "sen";
      case SIMPLE_REENROLL -> "sren";
      case SERVER_KEYGEN, FULL_CMC, RENEWAL_INFO ->
        throw new IllegalArgumentException(operation + ": not asked of anybody");
    };
  }

  static int formatOf(EstOperation operation) {
    return operation == EstOperation.CSR_ATTRS ? CSR_ATTRS : CERTS_ONLY;
  }

  /** @throws EnrollmentException by its kind: what to do next (RFC 9148, 4.5) */
  static byte[] bodyOf(EstOperation operation, Response response) throws EnrollmentException {
    if (response.isSuccess()) {
      int format = response.getOptions().getContentFormat();
      if (format != formatOf(operation)) {
        throw new ServerProtocolException(
            "the server answered " + segmentOf(operation) + " with Content-Format " + format
                + " (expected: " + formatOf(operation) + ")",
            null);
      }
      return response.getPayload();
    }
    if (operation == EstOperation.CSR_ATTRS && isNotServed(response)) {
      return new byte[0];
    }
    throw toException(operation, response);
  }

  /** Of a resource that a server need not have. */
  private static boolean isNotServed(Response response) {
    return switch (response.getCode()) {
      case NOT_FOUND, METHOD_NOT_ALLOWED, NOT_IMPLEMENTED -> true;
      default -> false;
    };
  }

  private static EnrollmentException toException(EstOperation operation, Response response) {
    String answer = segmentOf(operation) + " was answered with " + Answers.describe(response);
    if (isNotServed(response)) {
      return new ServerProtocolException(
          answer + " (expected: an EST server at this address)", null);
    }
    Duration wait = Duration.ofSeconds(
        Math.max(1, Math.min(LONGEST_WAIT_SECONDS, response.getOptions().getMaxAge())));
    if (response.getCode() == ResponseCode.SERVICE_UNAVAILABLE && isRequest(operation)) {
      return new EnrollmentDeferredException(answer, wait); // RFC 9148, 4.7
    }
    if (response.getCode() == ResponseCode.BAD_REQUEST) {
      return EnrollmentRefusedException.ofRequest(answer);
    }
    return Answers.isForLater(response) || response.isServerError()
        ? new EnrollmentUnavailableException(answer, wait, null)
        : new EnrollmentRefusedException(answer, Answers.isUnauthorized(response), null);
  }

  private static boolean isRequest(EstOperation operation) {
    return operation == EstOperation.SIMPLE_ENROLL || operation == EstOperation.SIMPLE_REENROLL;
  }
}
