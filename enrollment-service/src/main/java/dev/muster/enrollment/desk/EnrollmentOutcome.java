/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.issuance.IssuedCertificate;
import java.security.cert.X509Certificate;
import java.time.Duration;

/** What became of a request, in the words of no protocol. */
public sealed interface EnrollmentOutcome {
  /** A certificate, recorded on stable storage before it is handed out. */
  record Issued(IssuedCertificate issued) implements EnrollmentOutcome {
    public X509Certificate certificate() {
      return issued.certificate();
    }
  }

  /** As {@link Issued}, with the key that was made for it. */
  record Generated(X509Certificate certificate, GeneratedKey key) implements EnrollmentOutcome {}

  /** Waits for an operator. */
  record Deferred(Duration retryAfter) implements EnrollmentOutcome {}

  /** Asks too often. @param detail for the sender */
  record Slowed(Duration retryAfter, String detail) implements EnrollmentOutcome {}

  /** No. @param detail for the sender */
  record Refused(Kind kind, String detail) implements EnrollmentOutcome {}

  /** What kind of no. */
  enum Kind {
    /** Nobody, or nobody we know. */
    UNAUTHENTICATED,
    /** Somebody who may not. */
    FORBIDDEN,
    /** A request that cannot be granted to anybody. */
    BAD_REQUEST,
    /** Too much at once. */
    TOO_MANY,
    /** Somebody whose word is needed does not answer. */
    UNAVAILABLE
  }
}
