/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import org.jspecify.annotations.Nullable;

/**
 * Something the person at the terminal can mend: shown as a sentence and a hint, never as a stack
 * trace.
 */
public class UserError extends RuntimeException {
  private final @Nullable String hint;

  public UserError(String message) {
    this(message, null);
  }

  /** @param hint what to do next; null if the message says it */
  public UserError(String message, @Nullable String hint) {
    super(message);
    this.hint = hint;
  }

  /** What to do next; null if the message says it. */
  public @Nullable String hint() {
    return hint;
  }
}
