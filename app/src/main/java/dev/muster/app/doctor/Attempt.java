/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

/**
 * How a try to be let in has ended.
 *
 * @param how what was seen
 */
record Attempt(Outcome outcome, String how) {
  enum Outcome {
    LET_IN,
    /** The other side decided so. */
    TURNED_AWAY,
    /** It failed, and that may have had any reason. */
    UNKNOWN
  }

  static Attempt letIn(String how) {
    return new Attempt(Outcome.LET_IN, how);
  }

  static Attempt turnedAway(String how) {
    return new Attempt(Outcome.TURNED_AWAY, how);
  }

  static Attempt unknown(String how) {
    return new Attempt(Outcome.UNKNOWN, how);
  }

  boolean isLetIn() {
    return outcome == Outcome.LET_IN;
  }

  boolean isTurnedAway() {
    return outcome == Outcome.TURNED_AWAY;
  }

  /** What to think of it if whoever tried is nobody's business. */
  Finding ofAStranger(String check) {
    return switch (outcome) {
      case LET_IN ->
        Finding.bad(
            check, "let in (" + how + ")", "a stranger is let in: stop it, and see its settings");
      case TURNED_AWAY -> Finding.good(check, "turned away: " + how);
      case UNKNOWN -> Finding.unknown(check, how);
    };
  }
}
