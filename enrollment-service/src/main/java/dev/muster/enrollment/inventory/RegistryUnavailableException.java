/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import org.jspecify.annotations.Nullable;

/** The registry's database cannot be opened; the message is fit for a user. */
public final class RegistryUnavailableException extends RuntimeException {
  RegistryUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
