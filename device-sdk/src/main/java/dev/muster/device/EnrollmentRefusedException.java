/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import org.jspecify.annotations.Nullable;

/**
 * The server refuses this device: somebody has to act before it makes sense to ask again. The
 * device still asks, rarely.
 */
public final class EnrollmentRefusedException extends EnrollmentException {
  private static final long serialVersionUID = 1L;

  /** @param message what the server said, cleaned for display */
  public EnrollmentRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
