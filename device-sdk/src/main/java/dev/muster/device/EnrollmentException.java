/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Why there is no new certificate. Each subclass stands for another next action. */
public abstract class EnrollmentException extends Exception {
  private static final long serialVersionUID = 1L;

  EnrollmentException(String message, @Nullable Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
  }
}
