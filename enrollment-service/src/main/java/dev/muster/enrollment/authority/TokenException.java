/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import org.jspecify.annotations.Nullable;

/** A token, its PIN or a key in it is not as it must be; worded for a user, with a remedy. */
public final class TokenException extends RuntimeException {
  private final String remedy;

  TokenException(String problem, String remedy) {
    this(problem, remedy, null);
  }

  TokenException(String problem, String remedy, @Nullable Throwable cause) {
    super(problem, cause);
    this.remedy = remedy;
  }

  /** What the user can do. */
  public String remedy() {
    return remedy;
  }
}
