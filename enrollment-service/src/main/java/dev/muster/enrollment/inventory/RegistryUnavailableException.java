/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

/** The registry's database cannot be opened; the message is fit for a user. */
public final class RegistryUnavailableException extends RuntimeException {
  RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
