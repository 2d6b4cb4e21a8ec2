/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import dev.muster.app.UserError;
import org.jspecify.annotations.Nullable;

/** Nothing was decided: the same may well be answered when it is asked again later. */
public final class NoAnswer extends UserError {
  public NoAnswer(String message) {
    this(message, null);
  }

  /** @param hint what to do next; null if the message says it */
  NoAnswer(String message, @Nullable String hint) {
    super(message, hint);
  }
}
