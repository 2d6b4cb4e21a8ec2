/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import org.jspecify.annotations.Nullable;

/**
 * What one look has shown.
 *
 * @param check what was looked at, in a word or two
 * @param seen what was seen
 * @param advice what to do about it; null where all is well
 */
public record Finding(
    Verdict verdict, String check, String seen, @Nullable String advice) {
  /** What to think of it. */
  public enum Verdict {
    GOOD,
    /** It works, and somebody should look at it. */
    DOUBTFUL,
    BAD,
    /** It could not be told. */
    UNKNOWN
  }

  static Finding good(String check, String seen) {
    return new Finding(Verdict.GOOD, check, seen, null);
  }

  static Finding doubtful(String check, String seen, String advice) {
    return new Finding(Verdict.DOUBTFUL, check, seen, advice);
  }

  static Finding bad(String check, String seen, String advice) {
    return new Finding(Verdict.BAD, check, seen, advice);
  }

  static Finding unknown(String check, String seen) {
    return new Finding(Verdict.UNKNOWN, check, seen, null);
  }
}
