/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.key;

import org.jspecify.annotations.Nullable;

/** The place of a key does not answer, or does not sign now; later it may. */
public final class KeyUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param message names the place, what happened, and what to look at */
  public KeyUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
