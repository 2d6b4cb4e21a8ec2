/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.protocol.identity.DeviceSubject;
import java.time.Duration;

/** What a registrar decided (RFC 7030, 4.2.3). */
public sealed interface EnrollmentDecision {
  /**
   * Certify the key.
   *
   * @param supersede the device's other certificates end with this: an operator let a new key in
   */
  record Issue(DeviceSubject subject, boolean supersede) implements EnrollmentDecision {}

  /** The key is certified already: its owner did not hear the answer, and hears it again. */
  record Repeat(CertificateRecord certificate) implements EnrollmentDecision {}

  /**
   * An operator must look; answered with 202.
   *
   * @param retryAfter ask again then, not before
   * @param cloneAlarm two keys claim to be one device
   * @param reason for the operator
   */
  record Defer(DeviceSubject subject, Duration retryAfter, boolean cloneAlarm, String reason)
      implements EnrollmentDecision {}

  /** No. @param detail for the sender: what was found, what is expected */
  record Refuse(RefusalReason reason, String detail) implements EnrollmentDecision {}
}
