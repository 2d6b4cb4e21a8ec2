/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import java.time.Duration;
import java.util.Optional;

/** What a registrar decided (RFC 7030, 4.2.3). */
public sealed interface EnrollmentDecision {
  /**
   * Certify the key.
   *
   * @param supersede which of the device's live certificates end with this
   */
  record Issue(DeviceSubject subject, Supersede supersede) implements EnrollmentDecision {}

  /** Which of a device's live certificates a new one puts an end to. */
  enum Supersede {
    /** It has none that is good, or none at all. */
    NONE,
    /**
     * All but the one that is renewed: with that, its owner goes on until the new one is proven.
     */
    ALL_BUT_PRESENTED,
    /** All: an operator let a new key in. */
    ALL
  }

  /** The key is certified already: its owner did not hear the answer, and hears it again. */
  record Repeat(CertificateRecord certificate) implements EnrollmentDecision {}

  /**
   * An operator must look; answered with 202.
   *
   * @param retryAfter ask again then, not before
   * @param cloneAlarm two keys claim to be one device
   * @param reason for the operator
   * @param holder the other device whose IDevID's key was shown, if that is why
   */
  record Defer(
      DeviceSubject subject,
      Duration retryAfter,
      boolean cloneAlarm,
      String reason,
      Optional<DeviceId> holder)
      implements EnrollmentDecision {}

  /**
   * No.
   *
   * @param detail for the sender: what was found, what is expected
   * @param cloneAlarm for the operator, if two keys claim to be one device
   * @param holder the other device whose IDevID's key was shown, if that is why
   */
  record Refuse(
      RefusalReason reason, String detail, Optional<String> cloneAlarm, Optional<DeviceId> holder)
      implements EnrollmentDecision {
    /** Without an alarm. */
    public Refuse(RefusalReason reason, String detail) {
      this(reason, detail, Optional.empty(), Optional.empty());
    }
  }
}
