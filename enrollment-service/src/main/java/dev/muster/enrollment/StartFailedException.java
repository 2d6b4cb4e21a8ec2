/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

/** The service cannot start. The message says what stands in the way, and is fit for a user. */
public final class StartFailedException extends RuntimeException {
  StartFailedException(String message) {
    super(message);
  }

  StartFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
