/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The server could not be reached, could not be trusted, or is overloaded: the device asks again
 * after a growing, random time.
 */
public final class EnrollmentUnavailableException extends EnrollmentException {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  /** @param retryAfter what the server asked for, or zero */
  public EnrollmentUnavailableException(
      String message, Duration retryAfter, @Nullable Throwable cause) {
    super(message, cause);
    this.retryAfter = requireNonNull(retryAfter, "retryAfter");
  }

  /** The least time that the server asked to wait; zero if it named none. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
