/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import org.jspecify.annotations.Nullable;

/** The hook has not answered, or nothing that can be understood; the message is for the log. */
public final class HookUnavailableException extends RuntimeException {
  HookUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
