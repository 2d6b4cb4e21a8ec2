/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The server has not decided yet, for example because an operator must approve (RFC 7030, 4.2.3).
 */
public final class EnrollmentDeferredException extends EnrollmentException {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  public EnrollmentDeferredException(String message, Duration retryAfter) {
    super(message, null);
    this.retryAfter = requireNonNull(retryAfter, "retryAfter");
  }

  /** How long the device waits, at least, before it asks again. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
